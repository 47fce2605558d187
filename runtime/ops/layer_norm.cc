#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/row_norm.h"

namespace pare {
namespace {

int64_t AxisOf(const NodeView& node) { return node.Attributes<fb::LayerNorm>().axis(); }

Status Infer(const NodeView& node) { return InferRowNorm(node, AxisOf(node)); }

Status Run(const RunContext& context) {
  const auto& attributes = context.Attributes<fb::LayerNorm>();
  return RunRowNorm(context, attributes.axis(), attributes.epsilon(),
                    context.State<RowNormState>().kernels->layer);
}

}  // namespace

extern const OpDef kLayerNormOp = {"LayerNorm", 1, 3, 1, 3, Infer, PlanRowNorm, Run};

}  // namespace pare
