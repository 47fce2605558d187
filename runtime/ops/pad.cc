// Pad: extends (or, where a pad is negative, crops) each axis at its begin and end.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/quantized.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

struct Pads {
  int64_t begin[kMaxRank] = {}, end[kMaxRank] = {};
};

Status ReadPads(const NodeView& node, Pads* pads) {
  const Tensor& x = *node.In(0);
  const int rank = x.shape.rank;
  int64_t values[2 * kMaxRank], axes[kMaxRank];
  int count = 0, axis_count = rank;
  PARE_TRY(ReadArguments(node, 1, node.Attributes<fb::Pad>().pads(), false, values, 2 * kMaxRank,
                         &count));
  for (int i = 0; i < rank; ++i) axes[i] = i;
  if (node.In(3) != nullptr) {
    PARE_TRY(ReadIntegers(node, 3, nullptr, axes, kMaxRank, &axis_count));
    uint32_t mask = 0;
    PARE_TRY(AxesMask(axes, axis_count, rank, &mask));
  }
  if (count != 2 * axis_count) return ShapeError("Pad: needs a begin and an end for each axis");
  for (int i = 0; i < axis_count; ++i) {
    NormalizeAxis(rank, &axes[i]);
    pads->begin[axes[i]] = values[i];
    pads->end[axes[i]] = values[i + axis_count];
  }
  return Ok();
}

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  if (x.layout != Layout::kPlain) return ShapeError("Pad: cannot read a packed weight");
  const auto mode = node.Attributes<fb::Pad>().mode();
  if (mode > fb::PadMode::MAX) return ShapeError("Pad: no such mode");
  if (const Tensor* value = node.In(2)) {
    if (value->dtype != x.dtype || value->Elements() != 1) {
      return ShapeError("Pad: the value must be one element of the input's type");
    }
  }
  Pads pads;
  PARE_TRY(ReadPads(node, &pads));
  Shape shape = x.shape;
  for (int i = 0; i < x.shape.rank; ++i) {
    const int64_t begin = pads.begin[i], end = pads.end[i];
    if (__builtin_add_overflow(shape[i], begin, &shape[i]) ||
        __builtin_add_overflow(shape[i], end, &shape[i]) || shape[i] < 0 || begin < -x.shape[i] ||
        end < -x.shape[i]) {
      return ShapeError("Pad: a pad crops more than there is, or is too large");
    }
    const int64_t kept = x.shape[i] + (begin < 0 ? begin : 0) + (end < 0 ? end : 0);
    if (kept < 0 || (kept == 0 && shape[i] > 0 && mode != fb::PadMode::Constant)) {
      return ShapeError("Pad: nothing is left of an axis to extend it with");
    }
  }
  return SetCheckedOutput(node, 0, x.dtype, shape);
}

// Index within [0, n) that position i outside of it repeats.
int64_t Source(fb::PadMode mode, int64_t i, int64_t n) {
  if (mode == fb::PadMode::Edge || n == 1) return i < 0 ? 0 : i < n ? i : n - 1;
  const int64_t period = mode == fb::PadMode::Wrap ? n : 2 * (n - 1);
  int64_t at = i % period;
  if (at < 0) at += period;
  return at < n ? at : period - at;
}

// The elements of the input that stay, as box of the input and of the output.
struct Inside {
  int64_t from[kMaxRank], to[kMaxRank], size[kMaxRank];
};

Inside InsideOf(const Shape& x, const Pads& pads) {
  Inside inside;
  for (int i = 0; i < x.rank; ++i) {
    const int64_t begin = pads.begin[i], end = pads.end[i];
    inside.from[i] = begin < 0 ? -begin : 0;
    inside.to[i] = begin < 0 ? 0 : begin;
    inside.size[i] = x[i] - inside.from[i] + (end < 0 ? end : 0);
  }
  return inside;
}

// Fills the borders of `axis`, whose inner axes are complete, from what lies inside.
void FillBorders(const Tensor& out, const Inside& inside, const int64_t* strides, int axis,
                 fb::PadMode mode, const ThreadPool* threads) {
  const int64_t first = inside.to[axis], size = inside.size[axis];
  auto* base = out.Data<std::byte>();
  StridedCopy copy(SizeOf(out.dtype));
  for (int i = 0; i < axis; ++i) {
    base += inside.to[i] * strides[i];
    copy.Add(inside.size[i], strides[i], strides[i]);
  }
  copy.AddContiguous(strides[axis]);
  for (int64_t i = 0; i < out.shape[axis]; ++i) {
    if (i >= first && i < first + size) continue;
    const int64_t source = first + Source(mode, i - first, size);
    copy.Run(base + source * strides[axis], base + i * strides[axis], threads);
  }
}

Status Run(const RunContext& context) {
  const Tensor& x = *context.In(0);
  const Tensor* out = context.Out(0);
  if (out == nullptr || out->Elements() == 0) return Ok();
  const auto& attributes = context.Attributes<fb::Pad>();
  Pads pads;
  PARE_TRY(ReadPads(context, &pads));
  const size_t element = SizeOf(x.dtype);
  const Inside inside = InsideOf(x.shape, pads);
  int64_t from[kMaxRank], to[kMaxRank];
  RowMajorStrides(x.shape, element, from);
  RowMajorStrides(out->shape, element, to);

  if (attributes.mode() == fb::PadMode::Constant) {
    const uint64_t number = ElementBitsOf(x, attributes.value());
    const Tensor* value = context.In(2);
    const void* bits = value != nullptr ? value->data : &number;
    FillElements(out->data, bits, element, out->Elements());
  }
  if (x.Elements() == 0) return Ok();
  StridedCopy copy(element);
  const auto* source = x.Data<const std::byte>();
  auto* target = out->Data<std::byte>();
  for (int i = 0; i < x.shape.rank; ++i) {
    source += inside.from[i] * from[i];
    target += inside.to[i] * to[i];
    copy.Add(inside.size[i], from[i], to[i]);
  }
  copy.Run(source, target, context.threads);
  if (attributes.mode() == fb::PadMode::Constant) return Ok();
  for (int i = x.shape.rank - 1; i >= 0; --i) {
    FillBorders(*out, inside, to, i, attributes.mode(), context.threads);
  }
  return Ok();
}

}  // namespace

extern const OpDef kPadOp = {"Pad", 1, 4, 1, 1, Infer, nullptr, Run};

}  // namespace pare
