#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/row_norm.h"

namespace pare {
namespace {

int64_t AxisOf(const NodeView& node) { return node.Attributes<fb::RmsNorm>().axis(); }

Status Infer(const NodeView& node) { return InferRowNorm(node, AxisOf(node)); }

Status Run(const RunContext& context) {
  const auto& attributes = context.Attributes<fb::RmsNorm>();
  return RunRowNorm(context, attributes.axis(), attributes.epsilon(),
                    context.State<RowNormState>().kernels->rms);
}

}  // namespace

extern const OpDef kRmsNormOp = {"RmsNorm", 1, 2, 1, 1, Infer, PlanRowNorm, Run};

}  // namespace pare
