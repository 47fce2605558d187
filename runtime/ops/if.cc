// If: runs one of two bodies.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/body.h"

namespace pare {
namespace {

Status Misfit() {
  return Error(Code::kUnknownSize,
               "If: the branch to run did not fit when the session was created; create another");
}

Status InferBranch(const NodeView& node, uint32_t branch) {
  Plan* body = node.bodies[branch];
  if (body == nullptr) return Misfit();
  if (body->output_count() < node.output_count) {
    return ShapeError("If: a branch has fewer results than the node");
  }
  BindCaptures(node, 1, body, 0);
  return body->Infer();
}

Status CheckCondition(const Tensor& condition) {
  if (condition.dtype != DType::kBool || condition.Elements() != 1) {
    return ShapeError("If: the condition must be one bool");
  }
  return Ok();
}

// Output i where the condition is known: that of the branch.
Status SetOutputLike(const NodeView& node, uint32_t i, const Tensor& result) {
  if (result.layout != Layout::kPlain) return ShapeError("If: a branch returns a packed weight");
  return result.dynamic ? SetDynamicOutput(node, i, result.dtype, result.shape)
                        : SetCheckedOutput(node, i, result.dtype, result.shape);
}

// Output i where either branch may run: the larger in each dimension.
Status SetOutputOfBoth(const NodeView& node, uint32_t i, const Tensor& a, const Tensor& b) {
  PARE_TRY(SetOutputLike(node, i, a));
  PARE_TRY(SetOutputLike(node, i, b));
  if (a.dtype != b.dtype || a.shape.rank != b.shape.rank) {
    return Error(Code::kUnknownSize,
                 "If: the branches differ in type or rank; give the condition's value when the "
                 "session is created");
  }
  if (!a.dynamic && !b.dynamic && a.shape == b.shape) return Ok();
  Shape most = a.shape;
  for (int d = 0; d < most.rank; ++d) most[d] = a.shape[d] > b.shape[d] ? a.shape[d] : b.shape[d];
  return SetDynamicOutput(node, i, a.dtype, most);
}

Status InferOne(const NodeView& node, uint32_t branch) {
  PARE_TRY(InferBranch(node, branch));
  for (uint32_t i = 0; i < node.output_count; ++i) {
    PARE_TRY(SetOutputLike(node, i, node.bodies[branch]->output(i)));
  }
  return Ok();
}

// Where only one branch fits the inputs' sizes, the results are that one's; run refuses the other.
Status Infer(const NodeView& node) {
  const Tensor& condition = *node.In(0);
  PARE_TRY(CheckCondition(condition));
  if (condition.known) return InferOne(node, IntegerAt(condition, 0) != 0 ? 0 : 1);
  if (node.bodies[0] == nullptr) return InferOne(node, 1);
  if (node.bodies[1] == nullptr) return InferOne(node, 0);
  PARE_TRY(InferBranch(node, 0));
  PARE_TRY(InferBranch(node, 1));
  for (uint32_t i = 0; i < node.output_count; ++i) {
    PARE_TRY(SetOutputOfBoth(node, i, node.bodies[0]->output(i), node.bodies[1]->output(i)));
  }
  return Ok();
}

Status Run(const RunContext& context) {
  Plan* body = context.bodies[IntegerAt(*context.In(0), 0) != 0 ? 0 : 1];
  if (body == nullptr) return Misfit();
  BindCaptures(context, 1, body, 0);
  PARE_TRY(body->Run(context.threads, nullptr));
  for (uint32_t i = 0; i < context.output_count; ++i) CopyResult(body->output(i), context.Out(i));
  return Ok();
}

}  // namespace

extern const OpDef kIfOp = {"If", 1, kMany, 0, kMany, Infer, nullptr, Run};

}  // namespace pare
