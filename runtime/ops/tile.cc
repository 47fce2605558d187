// Tile: repeats the input along each axis.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  if (x.layout != Layout::kPlain) return ShapeError("Tile: cannot read a packed weight");
  int64_t repeats[kMaxRank];
  int count = 0;
  PARE_TRY(ReadIntegers(node, 1, node.Attributes<fb::Tile>().repeats(), repeats, kMaxRank, &count));
  if (count != x.shape.rank) return ShapeError("Tile: needs one repeat for each dimension");
  Shape shape = x.shape;
  for (int i = 0; i < count; ++i) {
    if (!CheckedMultiply(x.shape[i], repeats[i], &shape[i])) {
      return ShapeError("Tile: a repeat is negative or too large");
    }
  }
  return SetCheckedOutput(node, 0, x.dtype, shape);
}

Status Run(const RunContext& context) {
  const Tensor& x = *context.In(0);
  const Tensor* out = context.Out(0);
  if (out == nullptr || out->Elements() == 0) return Ok();
  const size_t element = SizeOf(x.dtype);
  int64_t from[kMaxRank], to[kMaxRank];
  RowMajorStrides(x.shape, element, from);
  RowMajorStrides(out->shape, element, to);
  StridedCopy copy(element);
  for (int i = 0; i < x.shape.rank; ++i) {
    copy.Add(out->shape[i] / x.shape[i], 0, to[i] * x.shape[i]);
    copy.Add(x.shape[i], from[i], to[i]);
  }
  copy.Run(x.data, out->data, context.threads);
  return Ok();
}

}  // namespace

extern const OpDef kTileOp = {"Tile", 1, 2, 1, 1, Infer, nullptr, Run};

}  // namespace pare
