// LSTM, as ONNX defines it.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/recurrent.h"

namespace pare {
namespace {

constexpr uint32_t kPeepholes = 7;

RecurrentAttributes Read(const NodeView& node) {
  const auto& a = node.Attributes<fb::Lstm>();
  return {4,
          3,
          2,
          kPeepholes,
          a.direction(),
          a.batch_first(),
          a.clip(),
          a.activations(),
          a.activation_alpha(),
          a.activation_beta()};
}

// gate += weight * state, element by element.
void AddPeephole(const float* weight, const float* state, int64_t n, float* gate) {
  for (int64_t j = 0; j < n; ++j) gate[j] += weight[j] * state[j];
}

// Gates lie in the order i, o, f, c; peepholes in the order i, o, f.
void Cell(const CellStep& step) {
  const auto& attributes = *static_cast<const fb::Lstm*>(step.attributes);
  const int64_t n = step.hidden;
  float *i = step.gates, *o = i + n, *f = o + n, *c = f + n;
  const GateActivation *gate = &step.activations[0], *cell = &step.activations[1],
                       *output = &step.activations[2];
  MultiplyRows(*step.recurrent, step.direction, 0, 4 * n, step.h, step.bias, true, step.gates);
  if (step.peephole != nullptr) {
    AddPeephole(step.peephole, step.c, n, i);
    AddPeephole(step.peephole + 2 * n, step.c, n, f);
  }
  Activate(*gate, step.clip, i, n);
  Activate(*gate, step.clip, f, n);
  Activate(*cell, step.clip, c, n);
  for (int64_t j = 0; j < n; ++j) {
    const float forget = attributes.input_forget() ? 1 - i[j] : f[j];
    step.c[j] = forget * step.c[j] + i[j] * c[j];
    step.h[j] = step.c[j];
  }
  if (step.peephole != nullptr) AddPeephole(step.peephole + n, step.c, n, o);
  Activate(*gate, step.clip, o, n);
  Activate(*output, 0, step.h, n);
  for (int64_t j = 0; j < n; ++j) step.h[j] *= o[j];
}

Status Infer(const NodeView& node) { return InferRecurrent(node, Read(node)); }
Status PlanStep(PlanContext& context) { return PlanRecurrent(context, Read(context)); }
Status Run(const RunContext& context) { return RunRecurrent(context, Read(context), Cell); }

}  // namespace

extern const OpDef kLstmOp = {"Lstm", 3, 8, 0, 3, Infer, PlanStep, Run};

}  // namespace pare
