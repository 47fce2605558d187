#include "runtime/ops/support/view.h"

#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {

Status SetView(const NodeView& node, const Shape& shape) {
  const Tensor& in = *node.In(0);
  if (in.layout != Layout::kPlain) {
    return ShapeError("a packed weight cannot be reshaped; store it plain");
  }
  PARE_TRY(SetCheckedOutput(node, 0, in.dtype, shape));
  if (!in.dynamic && shape.Elements() != in.Elements()) {
    return ShapeError("the new shape has another number of elements than the input");
  }
  return Ok();
}

Status PlanView(PlanContext& context) {
  context.view = true;
  return Ok();
}

Status RunView(const RunContext& context) {
  const Tensor& in = *context.In(0);
  const Tensor* out = context.Out(0);
  if (out == nullptr) return Ok();
  if (out->Elements() != in.Elements()) {
    return ShapeError("the new shape has another number of elements than the input");
  }
  if (out->data != in.data) CopyBytes(out->data, in.data, in.Bytes());
  return Ok();
}

}  // namespace pare
