// What follows a linear operator (Conv, ConvTranspose, MatMul) and is linear itself goes into it: a
// factor a channel into the weights, a term a channel into the bias, a tensor that is added (a
// residual connection) becomes its addend. Batch norm after the importer is such a factor and term.
#include <algorithm>
#include <map>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;

constexpr size_t kWeight = 1, kBias = 2, kAddend = 3;

// Rows of a weight: channels that the operator makes.
struct Rows {
  int64_t count = 0, stride = 0, step = 0;  // element k of row r lies at r * stride + k * step
  int64_t length = 0;
};

// Conv, ConvTranspose, or a MatMul by a constant, whose weights may be changed.
bool IsLinear(const Graph& graph, Node* n, Rows* rows) {
  if (n == nullptr) return false;
  const Weight* w = PlainF32(graph, InputOf(n, kWeight));
  if (w == nullptr || w->shape.rank < 2) return false;
  const int64_t elements = w->shape.Elements();
  if (elements == 0) return false;
  if (const fb::MatMulT* matmul = n->op.AsMatMul()) {
    if (w->shape.rank != 2) return false;
    const int64_t n_rows = w->shape[matmul->trans_b ? 0 : 1];
    const int64_t k = elements / n_rows;
    *rows = matmul->trans_b ? Rows{n_rows, k, 1, k} : Rows{n_rows, 1, n_rows, k};
    return true;
  }
  if (n->op.type != fb::Op::Conv && n->op.type != fb::Op::ConvTranspose) return false;
  const int64_t k = elements / w->shape[0];
  *rows = {w->shape[0], k, 1, k};
  return true;
}

// A constant that is one number, or one for each of `count` values of the last dimension, expanded
// to `count`. Empty where v is neither.
std::vector<float> PerChannel(const Graph& graph, ValueId v, int64_t count, int rank) {
  const Weight* w = graph.ConstantOf(v);
  if (w == nullptr || w->dtype != DType::kF32 || w->shape.rank > rank) return {};
  const int64_t elements = w->shape.Elements();
  const float* data = w->Data<float>();
  if (elements == 1) return std::vector<float>(static_cast<size_t>(count), data[0]);
  if (w->shape.rank == 0 || w->shape[w->shape.rank - 1] != count || elements != count) return {};
  return std::vector<float>(data, data + count);
}

Weight MakeVector(const std::string& name, const std::vector<float>& values) {
  Shape shape;
  shape.Push(static_cast<int64_t>(values.size()));
  float* data;
  Weight weight = Weight::Make(name, shape, &data);
  std::copy(values.begin(), values.end(), data);
  return weight;
}

// One factor for all rows is recorded, so that an adapter still applies. Rows with factors of their
// own lose their origin: nothing adapts a weight that batch norm was folded into.
void RecordScale(Weight* weight, const std::vector<float>& factor) {
  const bool uniform =
      std::all_of(factor.begin(), factor.end(), [&](float f) { return f == factor[0]; });
  if (!uniform) weight->origins.clear();
  for (fb::OriginT& origin : weight->origins) origin.scale *= factor[0];
}

class LinearFuser {
 public:
  explicit LinearFuser(Rewriter& rewriter) : rewriter_(rewriter), graph_(rewriter.graph()) {}

  void Run() {
    bool changed = true;
    while (changed) {
      changed = false;
      for (Node* n : rewriter_.Nodes()) {
        if (n->op.type != fb::Op::Binary) continue;
        changed |= FuseFactor(n) || FuseTerm(n) || FuseAddend(n);
      }
    }
  }

 private:
  // The linear node that makes v for `user` alone, without an activation.
  Node* LinearOf(ValueId v, Rows* rows) const {
    Node* n = rewriter_.Producer(v);
    if (!IsLinear(graph_, n, rows) || !rewriter_.OnlyUse(v)) return nullptr;
    return KindOf(ActivationOf(n)->get()) == UnaryKind::None ? n : nullptr;
  }

  std::vector<float> BiasOf(const Node* n, int64_t count) const {
    const ValueId bias = InputOf(n, kBias);
    if (bias == kAbsent) return std::vector<float>(static_cast<size_t>(count), 0.0f);
    return PerChannel(graph_, bias, count, 1);
  }
  void SetBias(Node* n, const std::vector<float>& bias) {
    rewriter_.SetInput(n, kBias, rewriter_.NewWeight(MakeVector(n->name + "/bias", bias)));
  }

  // The result of `n` is that of `follower` now.
  void TakeResult(Node* n, Node* follower) {
    const ValueId y = follower->outputs[0];
    auto activation = std::move(*ActivationOf(follower));
    rewriter_.Erase(follower);
    rewriter_.SetOutput(n, 0, y);
    *ActivationOf(n) = std::move(activation);
  }

  void ScaleRows(Node* n, const Rows& rows, const std::vector<float>& factor) {
    const Weight& old = *graph_.ConstantOf(n->inputs[kWeight]);
    float* scaled;
    Weight weight = Weight::Make(old.name, old.shape, &scaled);
    weight.origins = old.origins;
    const float* data = old.Data<float>();
    for (int64_t r = 0; r < rows.count; ++r) {
      for (int64_t k = 0; k < rows.length; ++k) {
        const int64_t i = r * rows.stride + k * rows.step;
        scaled[i] = data[i] * factor[static_cast<size_t>(r)];
      }
    }
    RecordScale(&weight, factor);
    rewriter_.SetInput(n, kWeight, rewriter_.NewWeight(std::move(weight)));
  }

  bool FuseFactor(Node* n) {
    const bool divides = IsBinary(n, BinaryKind::Div);
    if (!divides && !IsBinary(n, BinaryKind::Mul)) return false;
    ValueId x, c;
    if (!MatchOperands(
            n, !divides, [&](ValueId v) { return graph_.IsConstant(v); }, &x, &c))
      return false;
    Rows rows;
    Node* linear = LinearOf(x, &rows);
    if (linear == nullptr || InputOf(linear, kAddend) != kAbsent) return false;
    std::vector<float> factor = PerChannel(graph_, c, rows.count, RankOf(graph_, x));
    std::vector<float> bias = BiasOf(linear, rows.count);
    if (factor.empty() || bias.empty()) return false;
    for (size_t i = 0; i < factor.size(); ++i) {
      if (divides) factor[i] = 1 / factor[i];
      bias[i] *= factor[i];
    }
    ScaleRows(linear, rows, factor);
    if (InputOf(linear, kBias) != kAbsent) SetBias(linear, bias);
    TakeResult(linear, n);
    return true;
  }

  bool FuseTerm(Node* n) {
    const bool subtracts = IsBinary(n, BinaryKind::Sub);
    if (!subtracts && !IsBinary(n, BinaryKind::Add)) return false;
    ValueId x, c;
    if (!MatchOperands(
            n, !subtracts, [&](ValueId v) { return graph_.IsConstant(v); }, &x, &c))
      return false;
    Rows rows;
    Node* linear = LinearOf(x, &rows);
    if (linear == nullptr) return false;
    const std::vector<float> term = PerChannel(graph_, c, rows.count, RankOf(graph_, x));
    std::vector<float> bias = BiasOf(linear, rows.count);
    if (term.empty() || bias.empty()) return false;
    for (size_t i = 0; i < bias.size(); ++i) bias[i] += subtracts ? -term[i] : term[i];
    SetBias(linear, bias);
    TakeResult(linear, n);
    return true;
  }

  bool FuseAddend(Node* n) {
    if (!IsBinary(n, BinaryKind::Add)) return false;
    // Of two linear operands the later one takes the other as its addend.
    Node* best = nullptr;
    ValueId addend = kAbsent;
    for (int i = 0; i < 2; ++i) {
      const ValueId x = n->inputs[i], other = n->inputs[1 - i];
      Rows rows;
      Node* linear = LinearOf(x, &rows);
      if (linear == nullptr || linear->op.type == fb::Op::ConvTranspose || x == other) continue;
      if (InputOf(linear, kAddend) != kAbsent || !SameShape(graph_, x, other)) continue;
      if (graph_.values[other].dtype != DType::kF32) continue;
      if (best != nullptr && Position(linear) < Position(best)) continue;
      best = linear;
      addend = other;
    }
    if (best == nullptr) return false;
    if (best->inputs.size() <= kAddend) {
      std::vector<ValueId> inputs = best->inputs;
      inputs.resize(kAddend + 1, kAbsent);
      rewriter_.SetInputs(best, inputs);
    }
    rewriter_.SetInput(best, kAddend, addend);
    TakeResult(best, n);
    return true;
  }

  size_t Position(const Node* n) {
    if (position_.empty()) {
      for (const Node* node : rewriter_.Nodes()) position_.emplace(node, position_.size());
    }
    return position_.at(n);
  }

  Rewriter& rewriter_;
  Graph& graph_;
  std::map<const Node*, size_t> position_;
};

}  // namespace

Status FuseLinear(Graph& graph, const Options&) {
  Rewriter rewriter(graph);
  LinearFuser(rewriter).Run();
  return Ok();
}

}  // namespace pare::converter
