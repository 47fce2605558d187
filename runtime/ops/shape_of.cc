// ShapeOf: dimensions [start, end) of the input as integers.
#include "model_generated.h"
#include "runtime/ops/op.h"

namespace pare {
namespace {

int Bound(int64_t v, int rank) {
  if (v < 0) v += rank;
  return static_cast<int>(v < 0 ? 0 : v > rank ? rank : v);
}

Status Infer(const NodeView& node) {
  const auto& attributes = node.Attributes<fb::ShapeOf>();
  const int rank = node.In(0)->shape.rank;
  const int begin = Bound(attributes.start(), rank), end = Bound(attributes.end(), rank);
  Shape shape;
  shape.Push(end > begin ? end - begin : 0);
  SetOutput(node, 0, DType::kI64, shape);
  return Ok();
}

Status Run(const RunContext& context) {
  const Shape& x = context.In(0)->shape;
  const Tensor* out = context.Out(0);
  if (out == nullptr) return Ok();
  const int begin = Bound(context.Attributes<fb::ShapeOf>().start(), x.rank);
  for (int i = 0; i < out->shape[0]; ++i) out->Data<int64_t>()[i] = x[begin + i];
  return Ok();
}

}  // namespace

extern const OpDef kShapeOfOp = {"ShapeOf", 1, 1, 1, 1, Infer, nullptr, Run};

}  // namespace pare
