// What LSTM, GRU and RNN share: shapes, activations, the projection of the inputs and the walk
// over directions, sequences and steps. f32, ONNX semantics.
#pragma once

#include "model_generated.h"
#include "runtime/kernels/elementwise/unary.h"
#include "runtime/ops/op.h"

namespace pare {

inline constexpr int kMaxGateActivations = 6;  // three for each of two directions

// A function of the gates, chosen when the step is planned.
struct GateActivation {
  ActivationParams params;
  UnaryFn function = nullptr;
};

// The attributes that the three operators have in common.
struct RecurrentAttributes {
  int gates;                // rows of W and R are gates * hidden
  int activations;          // of one direction
  int states;               // 1: h; 2: h and c
  uint32_t peephole_input;  // 0: has none
  fb::RnnDirection direction;
  bool batch_first;
  float clip;  // 0: none
  const flatbuffers::Vector<fb::UnaryKind>* kinds;
  const flatbuffers::Vector<float>*alphas, *betas;
};

// One step of one sequence. `gates` holds the projected input of each gate, with the first half of
// the bias; the step adds the recurrent part and updates h (and c) of `hidden` elements.
struct CellStep {
  int64_t hidden;
  float* gates;
  float* temporary;         // as large as gates
  const Tensor* recurrent;  // R
  int64_t direction;
  const float* bias;      // second half of B, or null
  const float* peephole;  // P, or null
  const GateActivation* activations;
  float clip;
  const void* attributes;
  float *h, *c;
};
using CellFunction = void (*)(const CellStep&);

// Checks every input and sets the outputs Y, Y_h and, with two states, Y_c.
Status InferRecurrent(const NodeView& node, const RecurrentAttributes& attributes);
Status PlanRecurrent(PlanContext& context, const RecurrentAttributes& attributes);
Status RunRecurrent(const RunContext& context, const RecurrentAttributes& attributes,
                    CellFunction cell);

// y[j] = bias[j] + sum over k of x[k] w[j, k] for rows [begin, end) of panel `panel` of
// w [panels, rows, k]; `bias` may be null. `accumulate`: y[j] += instead.
void MultiplyRows(const Tensor& w, int64_t panel, int64_t begin, int64_t end, const float* x,
                  const float* bias, bool accumulate, float* y);

// Applies `clip` (0: none), then the activation.
void Activate(const GateActivation& activation, float clip, float* values, int64_t count);

}  // namespace pare
