// Concat: tensors one after the other along an axis.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/parallel.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor& first = *node.In(0);
  int64_t axis = node.Attributes<fb::Concat>().axis();
  if (!NormalizeAxis(first.shape.rank, &axis)) {
    return ShapeError("Concat: the axis is outside the rank of the inputs");
  }
  Shape shape = first.shape;
  for (uint32_t i = 0; i < node.input_count; ++i) {
    const Tensor* in = node.In(i);
    if (in == nullptr) return ShapeError("Concat: an input is absent");
    if (in->layout != Layout::kPlain) return ShapeError("Concat: cannot read a packed weight");
    if (in->dtype != first.dtype) return ShapeError("Concat: the inputs differ in type");
    if (i == 0) continue;
    if (in->shape.rank != shape.rank) return ShapeError("Concat: the inputs differ in rank");
    for (int d = 0; d < shape.rank; ++d) {
      if (d == axis) {
        if (__builtin_add_overflow(shape[d], in->shape[d], &shape[d])) {
          return ShapeError("Concat: the result does not fit into memory");
        }
      } else if (in->shape[d] != shape[d]) {
        return ShapeError("Concat: the inputs differ in a dimension besides the axis");
      }
    }
  }
  return SetCheckedOutput(node, 0, first.dtype, shape);
}

// Bytes of the output that the inputs are copied into together: so they are written to memory once.
constexpr int64_t kBlockBytes = 1 << 15;

// Copies pieces [first, first + count) of every input; a piece is all that lies at one index of the
// dimensions before the axis.
void CopyPieces(const RunContext& context, int axis, int64_t first, int64_t count,
                const ThreadPool* threads) {
  const Tensor& out = *context.Out(0);
  const size_t element = SizeOf(out.dtype);
  const auto bytes = [&](const Tensor& t) {
    return t.shape.Elements(axis, t.shape.rank) * static_cast<int64_t>(element);
  };
  const int64_t out_piece = bytes(out);
  auto* to = out.Data<std::byte>() + first * out_piece;
  for (uint32_t i = 0; i < context.input_count; ++i) {
    const Tensor& in = *context.In(i);
    const int64_t piece = bytes(in);
    if (piece == 0) continue;
    StridedCopy copy(element);
    copy.Add(count, piece, out_piece);
    copy.AddContiguous(piece);
    copy.Run(in.Data<std::byte>() + first * piece, to, threads);
    to += piece;
  }
}

Status Run(const RunContext& context) {
  const Tensor* out = context.Out(0);
  if (out == nullptr || out->Elements() == 0) return Ok();
  int64_t axis = context.Attributes<fb::Concat>().axis();
  NormalizeAxis(out->shape.rank, &axis);
  const int at = static_cast<int>(axis);
  const int64_t outer = out->shape.Elements(0, at);
  const int64_t piece = static_cast<int64_t>(out->Bytes()) / outer;
  if (piece >= kBlockBytes) {
    CopyPieces(context, at, 0, outer, context.threads);
    return Ok();
  }
  const int64_t block = kBlockBytes / piece;
  ParallelRange(context, (outer + block - 1) / block, kBlockBytes / 4,
                [&](size_t begin, size_t end, size_t) {
                  for (auto i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
                    const int64_t first = i * block;
                    const int64_t count = outer - first < block ? outer - first : block;
                    CopyPieces(context, at, first, count, nullptr);
                  }
                });
  return Ok();
}

}  // namespace

extern const OpDef kConcatOp = {"Concat", 1, kMany, 1, 1, Infer, nullptr, Run};

}  // namespace pare
