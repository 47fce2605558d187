// LSTM, GRU and RNN.
#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

using fb::UnaryKind;

struct ActivationRow {
  const char* name;
  UnaryKind kind;
  bool has_alpha = false;
  float alpha = 0;
  bool has_beta = false;
  float beta = 0;
};
constexpr ActivationRow kActivations[] = {
    {"Relu", UnaryKind::Relu},
    {"Tanh", UnaryKind::Tanh},
    {"Sigmoid", UnaryKind::Sigmoid},
    {"LeakyRelu", UnaryKind::LeakyRelu, true, 0.01F},
    {"ThresholdedRelu", UnaryKind::ThresholdedRelu, true, 1},
    {"HardSigmoid", UnaryKind::HardSigmoid, true, 0.2F, true, 0.5F},
    {"Elu", UnaryKind::Elu, true, 1},
    {"Softsign", UnaryKind::Softsign},
    {"Softplus", UnaryKind::Softplus},
};

bool EqualIgnoringCase(const std::string& a, const char* b) {
  size_t i = 0;
  for (; i < a.size() && b[i] != 0; ++i) {
    if ((a[i] | 0x20) != (b[i] | 0x20)) return false;
  }
  return i == a.size() && b[i] == 0;
}

// Activations of every gate of every direction, with alpha and beta for each of them. ONNX lists
// these for the activations only that have one.
template <class OpT>
Status ReadActivations(OnnxNode& n, const std::vector<std::string>& otherwise, size_t directions,
                       OpT* op) {
  std::vector<std::string> names = n.Strings("activations");
  if (names.empty()) {
    for (size_t i = 0; i < directions; ++i)
      names.insert(names.end(), otherwise.begin(), otherwise.end());
  }
  if (names.size() != otherwise.size() * directions)
    return Malformed("it does not have as many activations as gates");
  const std::vector<float> alphas = n.Floats("activation_alpha"),
                           betas = n.Floats("activation_beta");
  size_t alpha = 0, beta = 0;
  for (const std::string& name : names) {
    const ActivationRow* found = nullptr;
    for (const ActivationRow& row : kActivations) {
      if (EqualIgnoringCase(name, row.name)) found = &row;
    }
    if (found == nullptr) return Unsupported("activation '" + name + "'");
    op->activations.push_back(found->kind);
    float a = found->alpha, b = found->beta;
    if (found->has_alpha && alpha < alphas.size()) a = alphas[alpha++];
    if (found->has_beta && beta < betas.size()) b = betas[beta++];
    op->activation_alpha.push_back(a);
    op->activation_beta.push_back(b);
  }
  return Ok();
}

template <class OpT>
Status ReadRnn(OnnxNode& n, const std::vector<std::string>& activations, OpT* op) {
  const std::string direction = n.String("direction", "forward");
  size_t directions = 1;
  if (direction == "forward") {
    op->direction = fb::RnnDirection::Forward;
  } else if (direction == "reverse") {
    op->direction = fb::RnnDirection::Reverse;
  } else if (direction == "bidirectional") {
    op->direction = fb::RnnDirection::Bidirectional;
    directions = 2;
  } else {
    return Malformed("its direction '" + direction + "' is none that ONNX has");
  }
  op->hidden = n.Int("hidden_size", 0);
  if (const Weight* r = n.graph().ConstantOf(n.In(2));
      op->hidden == 0 && r != nullptr && r->shape.rank == 3)
    op->hidden = r->shape[2];
  op->clip = n.Float("clip", 0);
  op->batch_first = n.Int("layout", 0) != 0;
  return ReadActivations(n, activations, directions, op);
}

Status ImportLstm(OnnxNode& n) {
  fb::LstmT op;
  PARE_TRY(ReadRnn(n, {"Sigmoid", "Tanh", "Tanh"}, &op));
  op.input_forget = n.Int("input_forget", 0) != 0;
  return n.Emit(std::move(op), n.Inputs(), n.Outputs());
}

Status ImportGru(OnnxNode& n) {
  fb::GruT op;
  PARE_TRY(ReadRnn(n, {"Sigmoid", "Tanh"}, &op));
  op.linear_before_reset = n.Int("linear_before_reset", 0) != 0;
  return n.Emit(std::move(op), n.Inputs(), n.Outputs());
}

Status ImportRnn(OnnxNode& n) {
  fb::RnnT op;
  PARE_TRY(ReadRnn(n, {"Tanh"}, &op));
  return n.Emit(std::move(op), n.Inputs(), n.Outputs());
}

constexpr OnnxOp kOps[] = {
    {"GRU", ImportGru, 3},
    {"LSTM", ImportLstm, 3},
    {"RNN", ImportRnn, 3},
};

}  // namespace

OnnxOps RnnOnnxOps() { return kOps; }

}  // namespace pare::converter
