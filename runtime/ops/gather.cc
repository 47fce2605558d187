// Gather: slices of data along an axis, picked by indices. The look-up of an embedding.
#include <cstring>

#include "model_generated.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"

namespace pare {
namespace {

constexpr int64_t kTileRows = 16;
constexpr int64_t kCellBytes = 64;
constexpr int64_t kLaneBytes = 4;

Status Infer(const NodeView& node) {
  const Tensor &data = *node.In(0), &indices = *node.In(1);
  PARE_TRY(CheckIndexType(indices));
  int64_t axis = node.Attributes<fb::Gather>().axis();
  if (!NormalizeAxis(data.shape.rank, &axis)) {
    return ShapeError("Gather: the axis is outside the rank of the data");
  }
  if (data.layout == Layout::kT16) {
    if (axis != 0 || data.shape.rank != 2 || SizeOf(data.dtype) > kLaneBytes) {
      return ShapeError("Gather: a packed weight gives rows of a matrix only; store it plain");
    }
  } else if (data.layout == Layout::kInt8T16 || GroupOf(data.layout) != 0) {
    if (axis != 0 || data.shape.rank != 2)
      return ShapeError("Gather: a low-bit weight gives rows of a matrix only; store it plain");
  } else if (data.layout != Layout::kPlain) {
    return ShapeError("Gather: cannot read this weight layout; store it plain");
  }
  Shape shape;
  bool fits = true;
  for (int i = 0; i < axis; ++i) fits &= shape.Push(data.shape[i]);
  for (int i = 0; i < indices.shape.rank; ++i) fits &= shape.Push(indices.shape[i]);
  for (int i = static_cast<int>(axis) + 1; i < data.shape.rank; ++i) {
    fits &= shape.Push(data.shape[i]);
  }
  if (!fits) return ShapeError("Gather: the result has more than 8 dimensions");
  return SetCheckedOutput(node, 0, data.dtype, shape);
}

// Row `row` of a T16 matrix of `k` columns: its lane of each cell of its tile. A lane holds one
// element of 4 bytes or two of 2 bytes.
void UnpackRow(const std::byte* tiles, int64_t row, int64_t k, int64_t element, std::byte* to) {
  const int64_t bytes = k * element;
  const int64_t cells = (bytes + kLaneBytes - 1) / kLaneBytes;
  const std::byte* lane =
      tiles + row / kTileRows * cells * kCellBytes + row % kTileRows * kLaneBytes;
  const int64_t whole = bytes / kLaneBytes;
  for (int64_t i = 0; i < whole; ++i) {
    std::memcpy(to + i * kLaneBytes, lane + i * kCellBytes, kLaneBytes);
  }
  if (whole < cells) {
    std::memcpy(to + whole * kLaneBytes, lane + whole * kCellBytes,
                static_cast<size_t>(bytes - whole * kLaneBytes));
  }
}

// Picks single elements: memcpy of a constant size is one move.
template <class T>
void PickElements(const std::byte* from, const Indices& indices, int64_t count, int64_t size,
                  std::byte* to) {
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(to + i * static_cast<int64_t>(sizeof(T)),
                from + indices.Wrapped(i, size) * static_cast<int64_t>(sizeof(T)), sizeof(T));
  }
}

void PickSlices(const std::byte* from, const Indices& indices, int64_t count, int64_t size,
                int64_t slice, std::byte* to) {
  switch (slice) {
    case 1: return PickElements<uint8_t>(from, indices, count, size, to);
    case 4: return PickElements<uint32_t>(from, indices, count, size, to);
    case 8: return PickElements<uint64_t>(from, indices, count, size, to);
    default:
      for (int64_t i = 0; i < count; ++i) {
        std::memcpy(to + i * slice, from + indices.Wrapped(i, size) * slice,
                    static_cast<size_t>(slice));
      }
  }
}

Status Run(const RunContext& context) {
  const Tensor &data = *context.In(0), &index = *context.In(1);
  Tensor* out = context.Out(0);
  if (out == nullptr || out->Elements() == 0) return Ok();
  int64_t axis = context.Attributes<fb::Gather>().axis();
  NormalizeAxis(data.shape.rank, &axis);
  const int at = static_cast<int>(axis);
  const int64_t size = data.shape[at], count = index.Elements();
  const Indices indices(index);
  PARE_TRY(indices.Check(count, size));

  const int64_t element = static_cast<int64_t>(SizeOf(data.dtype));
  const auto* from = data.Data<const std::byte>();
  auto* to = out->Data<std::byte>();
  if (data.layout != Layout::kPlain) {
    const int64_t k = data.shape[1];
    context.threads->ForRange(
        static_cast<size_t>(count), static_cast<size_t>(1 + 8192 / (k + 1)),
        [&](size_t begin, size_t end, size_t) {
          for (auto i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
            const int64_t row = indices.Wrapped(i, size);
            if (IsLowBit(data.layout))
              DecodeLowBitRow(data.layout, from, data.shape, static_cast<size_t>(row),
                              out->Data<float>() + i * k);
            else
              UnpackRow(from, row, k, element, to + i * k * element);
          }
        });
    return Ok();
  }
  const int64_t outer = data.shape.Elements(0, at);
  const int64_t slice = data.shape.Elements(at + 1, data.shape.rank) * element;
  for (int64_t o = 0; o < outer; ++o) {
    PickSlices(from + o * size * slice, indices, count, size, slice, to + o * count * slice);
  }
  return Ok();
}

}  // namespace

extern const OpDef kGatherOp = {"Gather", 2, 2, 1, 1, Infer, nullptr, Run};

}  // namespace pare
