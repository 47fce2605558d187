// Expand: repeats dimensions of size 1 until the input has the given shape.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  if (x.layout != Layout::kPlain) return ShapeError("Expand: cannot read a packed weight");
  Shape target, shape;
  PARE_TRY(ReadIntegers(node, 1, node.Attributes<fb::Expand>().shape(), target.dims, kMaxRank,
                        &target.rank));
  for (int i = 0; i < target.rank; ++i) {
    if (target[i] < 0) return ShapeError("Expand: a dimension is negative");
  }
  if (!BroadcastShapes(x.shape, target, &shape)) {
    return ShapeError("Expand: the input does not broadcast to the shape");
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
  const int lead = out->shape.rank - x.shape.rank;
  StridedCopy copy(element);
  for (int i = 0; i < out->shape.rank; ++i) {
    const bool repeated = i < lead || x.shape[i - lead] == 1;
    copy.Add(out->shape[i], repeated ? 0 : from[i - lead], to[i]);
  }
  copy.Run(x.data, out->data, context.threads);
  return Ok();
}

}  // namespace

extern const OpDef kExpandOp = {"Expand", 1, 2, 1, 1, Infer, nullptr, Run};

}  // namespace pare
