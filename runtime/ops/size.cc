// Size: the number of elements of the input.
#include "runtime/ops/op.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  SetOutput(node, 0, DType::kI64, Shape());
  return Ok();
}

Status Run(const RunContext& context) {
  if (const Tensor* out = context.Out(0)) *out->Data<int64_t>() = context.In(0)->Elements();
  return Ok();
}

}  // namespace

extern const OpDef kSizeOp = {"Size", 1, 1, 1, 1, Infer, nullptr, Run};

}  // namespace pare
