#include "runtime/ops/support/recurrent.h"

#include <cstring>
#include <initializer_list>

#include "runtime/ops/support/arguments.h"

namespace pare {
namespace {

enum Input : uint32_t { kX, kW, kR, kB, kLengths, kH0, kC0 };

struct Sizes {
  int64_t steps, batch, input, hidden, directions;
  int64_t gate_rows;  // gates * hidden
};

Sizes SizesOf(const NodeView& node, const RecurrentAttributes& attributes) {
  const Shape &x = node.In(kX)->shape, &r = node.In(kR)->shape;
  const int time = attributes.batch_first ? 1 : 0;
  return {x[time], x[1 - time], x[2], r[2], r[0], r[1]};
}

bool Is(const Tensor& t, std::initializer_list<int64_t> dims) {
  Shape shape;
  for (int64_t d : dims) shape.Push(d);
  return t.dtype == DType::kF32 && t.shape == shape;
}

bool AbsentOrIs(const Tensor* t, std::initializer_list<int64_t> dims) {
  return t == nullptr || Is(*t, dims);
}

ActivationParams DefaultActivation(fb::UnaryKind kind) {
  const auto number = static_cast<uint8_t>(kind);
  switch (kind) {
    case fb::UnaryKind::LeakyRelu: return {number, 0.01f, 0};
    case fb::UnaryKind::HardSigmoid: return {number, 0.2f, 0.5f};
    case fb::UnaryKind::ThresholdedRelu:
    case fb::UnaryKind::Elu: return {number, 1, 0};
    default: return {number, 0, 0};
  }
}

// Activation i of all directions: attribute lists are aligned with each other; a parameter that a
// list does not reach has ONNX's default. Without a list: sigmoid for the first of two or three,
// tanh for the rest.
ActivationParams ActivationAt(const RecurrentAttributes& attributes, uint32_t i) {
  const uint32_t in_direction = i % static_cast<uint32_t>(attributes.activations);
  fb::UnaryKind kind = attributes.activations > 1 && in_direction == 0 ? fb::UnaryKind::Sigmoid
                                                                       : fb::UnaryKind::Tanh;
  if (attributes.kinds != nullptr && i < attributes.kinds->size()) kind = attributes.kinds->Get(i);
  ActivationParams activation = DefaultActivation(kind);
  if (attributes.alphas != nullptr && i < attributes.alphas->size()) {
    activation.alpha = attributes.alphas->Get(i);
  }
  if (attributes.betas != nullptr && i < attributes.betas->size()) {
    activation.beta = attributes.betas->Get(i);
  }
  return activation;
}

Status CheckActivations(const RecurrentAttributes& attributes, int64_t directions) {
  const int64_t needed = directions * attributes.activations;
  if (attributes.kinds != nullptr && attributes.kinds->size() != 0 &&
      attributes.kinds->size() != needed) {
    return ShapeError("a recurrent layer needs one activation for each gate group and direction");
  }
  for (uint32_t i = 0; i < needed; ++i) {
    const uint8_t kind = ActivationAt(attributes, i).kind;
    if (!HasKind(kBuiltUnaryKinds, kind)) return NotBuilt();
    if (SelectUnary(kind, kCpuScalar) == nullptr) {
      return Error(Code::kUnsupported, "this activation is not available in recurrent layers");
    }
  }
  return Ok();
}

Status CheckWeights(const NodeView& node, const RecurrentAttributes& attributes) {
  const Tensor &x = *node.In(kX), &w = *node.In(kW), &r = *node.In(kR);
  if (x.shape.rank != 3 || w.shape.rank != 3 || r.shape.rank != 3) {
    return ShapeError("a recurrent layer needs x, W and R of 3 dimensions");
  }
  if (w.layout != Layout::kPlain || r.layout != Layout::kPlain) {
    return ShapeError("a recurrent layer reads plain weights only");
  }
  const Sizes s = SizesOf(node, attributes);
  const int64_t directions = attributes.direction == fb::RnnDirection::Bidirectional ? 2 : 1;
  int64_t rows, biases;
  if (!CheckedMultiply(s.hidden, attributes.gates, &rows) || !CheckedMultiply(rows, 2, &biases) ||
      x.dtype != DType::kF32 || !Is(w, {directions, rows, s.input}) ||
      !Is(r, {directions, rows, s.hidden}) || !AbsentOrIs(node.In(kB), {directions, biases})) {
    return ShapeError("the weights of a recurrent layer do not fit its input and hidden size");
  }
  if (attributes.peephole_input != 0 &&
      !AbsentOrIs(node.In(attributes.peephole_input), {directions, 3 * s.hidden})) {
    return ShapeError("the peepholes of a recurrent layer do not fit its hidden size");
  }
  return CheckActivations(attributes, directions);
}

// Four floats: every target has registers of that size, so this needs no file an instruction set.
typedef float Float4 __attribute__((vector_size(16)));

Float4 Load(const float* p) {
  Float4 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// sums[r] = x . row r of w, for kRows rows of k. Rows side by side hide the latency of the sums.
template <int kRows>
void DotRows(const float* w, int64_t k, const float* x, float* sums) {
  Float4 wide[kRows] = {};
  int64_t i = 0;
  for (; i + 4 <= k; i += 4) {
    const Float4 v = Load(x + i);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) wide[r] += v * Load(w + r * k + i);
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    sums[r] = (wide[r][0] + wide[r][2]) + (wide[r][1] + wide[r][3]);
    for (int64_t rest = i; rest < k; ++rest) sums[r] += x[rest] * w[r * k + rest];
  }
}

// What plan leaves for run.
struct RecurrentState {
  UnaryFn functions[kMaxGateActivations];
};

// A layer as run sees it, one direction after the other.
class Layer {
 public:
  Layer(const RunContext& context, const RecurrentAttributes& attributes, CellFunction cell)
      : context_(context),
        attributes_(attributes),
        sizes_(SizesOf(context, attributes)),
        cell_(cell) {
    // Must match PlanRecurrent.
    h_ = reinterpret_cast<float*>(context.scratch);
    c_ = h_ + sizes_.hidden;
    temporary_ = c_ + sizes_.hidden;
    gates_ = temporary_ + sizes_.gate_rows;
  }

  void Run(int64_t direction) {
    const Tensor* bias = context_.In(kB);
    const int64_t rows = sizes_.gate_rows;
    const float* input_bias =
        bias != nullptr ? bias->Data<const float>() + direction * 2 * rows : nullptr;
    Project(direction, input_bias);

    GateActivation activations[kMaxGateActivations / 2];
    for (int i = 0; i < attributes_.activations && i < kMaxGateActivations / 2; ++i) {
      const auto at = static_cast<uint32_t>(direction * attributes_.activations + i);
      activations[i].params = ActivationAt(attributes_, at);
      activations[i].function = context_.State<RecurrentState>().functions[at];
    }
    const Tensor* peephole =
        attributes_.peephole_input != 0 ? context_.In(attributes_.peephole_input) : nullptr;
    CellStep step = {};
    step.hidden = sizes_.hidden;
    step.temporary = temporary_;
    step.recurrent = context_.In(kR);
    step.direction = direction;
    step.bias = input_bias != nullptr ? input_bias + rows : nullptr;
    step.peephole = peephole != nullptr
                        ? peephole->Data<const float>() + direction * 3 * sizes_.hidden
                        : nullptr;
    step.activations = activations;
    step.clip = attributes_.clip;
    step.attributes = context_.attributes;
    step.h = h_;
    step.c = c_;
    for (int64_t b = 0; b < sizes_.batch; ++b) RunSequence(direction, b, step);
  }

 private:
  // Rows of x and of gates_ lie in the order of x.
  int64_t RowOf(int64_t t, int64_t b) const {
    return attributes_.batch_first ? b * sizes_.steps + t : t * sizes_.batch + b;
  }
  int64_t StateRow(int64_t direction, int64_t b) const {
    return attributes_.batch_first ? b * sizes_.directions + direction
                                   : direction * sizes_.batch + b;
  }
  float* OutputRow(int64_t direction, int64_t t, int64_t b) const {
    const Tensor* y = context_.Out(0);
    if (y == nullptr) return nullptr;
    const int64_t row = attributes_.batch_first
                            ? (b * sizes_.steps + t) * sizes_.directions + direction
                            : (t * sizes_.directions + direction) * sizes_.batch + b;
    return y->Data<float>() + row * sizes_.hidden;
  }
  int64_t Length(int64_t b) const {
    const Tensor* lengths = context_.In(kLengths);
    return lengths != nullptr ? IntegerAt(*lengths, b) : sizes_.steps;
  }

  // gates_ = x W + bias for every step of every sequence.
  void Project(int64_t direction, const float* bias) {
    const Tensor& w = *context_.In(kW);
    const float* x = context_.In(kX)->Data<const float>();
    const int64_t rows = sizes_.gate_rows, items = sizes_.steps * sizes_.batch;
    constexpr size_t kRowsPerTask = 64;
    context_.threads->ForRange(
        static_cast<size_t>(rows), kRowsPerTask, [&](size_t begin, size_t end, size_t) {
          for (int64_t i = 0; i < items; ++i) {
            MultiplyRows(w, direction, static_cast<int64_t>(begin), static_cast<int64_t>(end),
                         x + i * sizes_.input, bias, false, gates_ + i * rows);
          }
        });
  }

  void LoadState(uint32_t input, int64_t row, float* state) const {
    const size_t bytes = static_cast<size_t>(sizes_.hidden) * sizeof(float);
    if (const Tensor* initial = context_.In(input)) {
      std::memcpy(state, initial->Data<const float>() + row * sizes_.hidden, bytes);
    } else {
      std::memset(state, 0, bytes);
    }
  }
  void StoreState(uint32_t output, int64_t row, const float* state) const {
    if (const Tensor* final = context_.Out(output)) {
      std::memcpy(final->Data<float>() + row * sizes_.hidden, state,
                  static_cast<size_t>(sizes_.hidden) * sizeof(float));
    }
  }

  void RunSequence(int64_t direction, int64_t b, CellStep& step) {
    const int64_t length = Length(b), row = StateRow(direction, b);
    const size_t bytes = static_cast<size_t>(sizes_.hidden) * sizeof(float);
    const bool backwards = attributes_.direction == fb::RnnDirection::Reverse || direction == 1;
    LoadState(kH0, row, h_);
    if (attributes_.states == 2) LoadState(kC0, row, c_);
    for (int64_t i = 0; i < length; ++i) {
      const int64_t t = backwards ? length - 1 - i : i;
      step.gates = gates_ + RowOf(t, b) * sizes_.gate_rows;
      cell_(step);
      if (float* y = OutputRow(direction, t, b)) std::memcpy(y, h_, bytes);
    }
    for (int64_t t = length; t < sizes_.steps; ++t) {
      if (float* y = OutputRow(direction, t, b)) std::memset(y, 0, bytes);
    }
    StoreState(1, row, h_);
    if (attributes_.states == 2) StoreState(2, row, c_);
  }

  const RunContext& context_;
  const RecurrentAttributes& attributes_;
  const Sizes sizes_;
  const CellFunction cell_;
  float *h_, *c_, *temporary_, *gates_;
};

}  // namespace

Status InferRecurrent(const NodeView& node, const RecurrentAttributes& attributes) {
  if (attributes.direction > fb::RnnDirection::MAX) {
    return ShapeError("a recurrent layer has an unknown direction");
  }
  PARE_TRY(CheckWeights(node, attributes));
  const Sizes s = SizesOf(node, attributes);
  if (const Tensor* lengths = node.In(kLengths)) {
    PARE_TRY(CheckIndexType(*lengths));
    if (lengths->shape.rank != 1 || lengths->shape[0] != s.batch) {
      return ShapeError("a recurrent layer needs one length for each sequence");
    }
  }
  Shape state, y;
  if (attributes.batch_first) {
    state = {3, {s.batch, s.directions, s.hidden}};
    y = {4, {s.batch, s.steps, s.directions, s.hidden}};
  } else {
    state = {3, {s.directions, s.batch, s.hidden}};
    y = {4, {s.steps, s.directions, s.batch, s.hidden}};
  }
  for (int i = 0; i < attributes.states; ++i) {
    const Tensor* initial = node.In(static_cast<uint32_t>(kH0 + i));
    if (initial != nullptr && (initial->dtype != DType::kF32 || initial->shape != state)) {
      return ShapeError("an initial state of a recurrent layer does not fit");
    }
    PARE_TRY(SetCheckedOutput(node, static_cast<uint32_t>(1 + i), DType::kF32, state));
  }
  return SetCheckedOutput(node, 0, DType::kF32, y);
}

Status PlanRecurrent(PlanContext& context, const RecurrentAttributes& attributes) {
  const Sizes s = SizesOf(context, attributes);
  const Shape gates = {3, {s.steps, s.batch, s.gate_rows}};
  uint64_t bytes;
  if (!CheckedBytes(gates, sizeof(float), &bytes)) {
    return ShapeError("the gates of a recurrent layer do not fit into memory");
  }
  context.scratch_bytes = bytes + static_cast<uint64_t>(2 * s.hidden + s.gate_rows) * sizeof(float);
  auto* state = context.NewState<RecurrentState>();
  const int64_t count = s.directions * attributes.activations;
  for (int64_t i = 0; i < count && i < kMaxGateActivations; ++i) {
    const ActivationParams params = ActivationAt(attributes, static_cast<uint32_t>(i));
    state->functions[i] = SelectUnary(params.kind, context.cpu);
  }
  return Ok();
}

Status RunRecurrent(const RunContext& context, const RecurrentAttributes& attributes,
                    CellFunction cell) {
  const Sizes s = SizesOf(context, attributes);
  if (const Tensor* lengths = context.In(kLengths)) {
    for (int64_t b = 0; b < s.batch; ++b) {
      const int64_t length = IntegerAt(*lengths, b);
      if (length < 0 || length > s.steps) {
        return Error(Code::kInvalidArgument, "the length of a sequence exceeds its steps");
      }
    }
  }
  Layer layer(context, attributes, cell);
  for (int64_t d = 0; d < s.directions; ++d) layer.Run(d);
  return Ok();
}

void MultiplyRows(const Tensor& w, int64_t panel, int64_t begin, int64_t end, const float* x,
                  const float* bias, bool accumulate, float* y) {
  constexpr int kRows = 8;
  const int64_t rows = w.shape[1], k = w.shape[2];
  const float* row = w.Data<const float>() + (panel * rows + begin) * k;
  for (int64_t j = begin; j < end;) {
    float sums[kRows];
    const int64_t count = end - j >= kRows ? kRows : 1;
    if (count == kRows) {
      DotRows<kRows>(row, k, x, sums);
    } else {
      DotRows<1>(row, k, x, sums);
    }
    for (int64_t r = 0; r < count; ++r) {
      y[j + r] = (bias != nullptr ? bias[j + r] : 0) + (accumulate ? y[j + r] : 0) + sums[r];
    }
    j += count;
    row += count * k;
  }
}

void Activate(const GateActivation& activation, float clip, float* values, int64_t count) {
  if (clip > 0) {
    for (int64_t i = 0; i < count; ++i) {
      const float v = values[i];
      values[i] = v > clip ? clip : v < -clip ? -clip : v;
    }
  }
  activation.function(&activation.params, values, values, static_cast<size_t>(count));
}

}  // namespace pare
