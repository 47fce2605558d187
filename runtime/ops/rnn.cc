// RNN with one gate, as ONNX defines it.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/recurrent.h"

namespace pare {
namespace {

RecurrentAttributes Read(const NodeView& node) {
  const auto& a = node.Attributes<fb::Rnn>();
  return {1,
          1,
          1,
          0,
          a.direction(),
          a.batch_first(),
          a.clip(),
          a.activations(),
          a.activation_alpha(),
          a.activation_beta()};
}

void Cell(const CellStep& step) {
  const int64_t n = step.hidden;
  MultiplyRows(*step.recurrent, step.direction, 0, n, step.h, step.bias, true, step.gates);
  Activate(step.activations[0], step.clip, step.gates, n);
  for (int64_t j = 0; j < n; ++j) step.h[j] = step.gates[j];
}

Status Infer(const NodeView& node) { return InferRecurrent(node, Read(node)); }
Status PlanStep(PlanContext& context) { return PlanRecurrent(context, Read(context)); }
Status Run(const RunContext& context) { return RunRecurrent(context, Read(context), Cell); }

}  // namespace

extern const OpDef kRnnOp = {"Rnn", 3, 6, 0, 2, Infer, PlanStep, Run};

}  // namespace pare
