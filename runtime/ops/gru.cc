// GRU, as ONNX defines it.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/recurrent.h"

namespace pare {
namespace {

RecurrentAttributes Read(const NodeView& node) {
  const auto& a = node.Attributes<fb::Gru>();
  return {3,
          2,
          1,
          0,
          a.direction(),
          a.batch_first(),
          a.clip(),
          a.activations(),
          a.activation_alpha(),
          a.activation_beta()};
}

// Gates lie in the order z (update), r (reset), h (hidden).
void Cell(const CellStep& step) {
  const auto& attributes = *static_cast<const fb::Gru*>(step.attributes);
  const int64_t n = step.hidden;
  float *z = step.gates, *r = z + n, *h = r + n, *temporary = step.temporary;
  MultiplyRows(*step.recurrent, step.direction, 0, 2 * n, step.h, step.bias, true, step.gates);
  Activate(step.activations[0], step.clip, z, 2 * n);
  if (attributes.linear_before_reset()) {
    MultiplyRows(*step.recurrent, step.direction, 2 * n, 3 * n, step.h, step.bias, false,
                 temporary);
    for (int64_t j = 0; j < n; ++j) h[j] += r[j] * temporary[2 * n + j];
  } else {
    for (int64_t j = 0; j < n; ++j) temporary[j] = r[j] * step.h[j];
    MultiplyRows(*step.recurrent, step.direction, 2 * n, 3 * n, temporary, step.bias, true,
                 step.gates);
  }
  Activate(step.activations[1], step.clip, h, n);
  for (int64_t j = 0; j < n; ++j) step.h[j] = (1 - z[j]) * h[j] + z[j] * step.h[j];
}

Status Infer(const NodeView& node) { return InferRecurrent(node, Read(node)); }
Status PlanStep(PlanContext& context) { return PlanRecurrent(context, Read(context)); }
Status Run(const RunContext& context) { return RunRecurrent(context, Read(context), Cell); }

}  // namespace

extern const OpDef kGruOp = {"Gru", 3, 6, 0, 2, Infer, PlanStep, Run};

}  // namespace pare
