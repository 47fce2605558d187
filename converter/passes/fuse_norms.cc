// Normalizations in their exported spellings:
//   LayerNorm  d = x - mean(x);  d / sqrt(mean(d * d) + eps) [* scale] [+ bias]
//   RmsNorm    x / sqrt(mean(x * x) + eps) [* scale]
//   Softmax    e = exp(x - max(x));  e / sum(e)
// Division may be spelled by Reciprocal, Rsqrt or Pow, squares by Mul or Pow.
#include <algorithm>
#include <cmath>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;
using fb::ReduceKind;
using fb::UnaryKind;

class NormFuser {
 public:
  explicit NormFuser(Rewriter& rewriter) : rewriter_(rewriter), graph_(rewriter.graph()) {}

  void Run() {
    for (Node* n : rewriter_.Nodes()) {
      if (n->op.type == fb::Op::NONE) continue;
      if (!FuseSoftmax(n)) FuseNorm(n);
    }
    for (Node* n : rewriter_.Nodes()) {
      if (n->op.type != fb::Op::NONE) FuseScaleAndBias(n);
    }
    for (Node* n : rewriter_.Nodes()) rewriter_.EraseIfUnused(n);
  }

 private:
  // The input of a Reduce that keeps dimensions, and its axes; kAbsent where v is none.
  ValueId Reduced(ValueId v, ReduceKind kind, std::vector<int64_t>* axes) const {
    const Node* n = rewriter_.Producer<fb::ReduceT>(v);
    if (n == nullptr || n->inputs.size() != 1) return kAbsent;
    const fb::ReduceT* reduce = n->op.AsReduce();
    const int rank = RankOf(graph_, n->inputs[0]);
    if (reduce->kind != kind || !reduce->keep_dims || rank < 0) return kAbsent;
    *axes = NormalizedAxes(reduce->axes, rank);
    return axes->empty() ? kAbsent : n->inputs[0];
  }
  // x where v is x * x or x ^ 2.
  ValueId Squared(ValueId v) const {
    const Node* n = rewriter_.Producer<fb::BinaryT>(v);
    if (IsPlainBinary(n, BinaryKind::Mul) && n->inputs[0] == n->inputs[1]) return n->inputs[0];
    if (IsPlainBinary(n, BinaryKind::Pow) && ScalarOf(graph_, n->inputs[1]) == 2.0f)
      return n->inputs[0];
    return kAbsent;
  }
  // x where v is sqrt(x + eps).
  ValueId Root(ValueId v, UnaryKind kind, float* epsilon) const {
    const Node* n = rewriter_.Producer(v);
    if (n == nullptr) return kAbsent;
    ValueId sum = kAbsent;
    if (IsUnary(n, kind)) sum = n->inputs[0];
    const float power = kind == UnaryKind::Sqrt ? 0.5f : -0.5f;
    if (IsPlainBinary(n, BinaryKind::Pow) && ScalarOf(graph_, n->inputs[1]) == power)
      sum = n->inputs[0];
    const Node* add = rewriter_.Producer<fb::BinaryT>(sum);
    ValueId x, c;
    if (!IsPlainBinary(add, BinaryKind::Add) ||
        !MatchOperands(
            add, true, [&](ValueId w) { return ScalarOf(graph_, w).has_value(); }, &x, &c))
      return kAbsent;
    *epsilon = *ScalarOf(graph_, c);
    return x;
  }
  // n as x / sqrt(variance + eps).
  bool MatchDivision(const Node* n, ValueId* x, ValueId* variance, float* epsilon) const {
    if (IsPlainBinary(n, BinaryKind::Div)) {
      *x = n->inputs[0];
      *variance = Root(n->inputs[1], UnaryKind::Sqrt, epsilon);
      return *variance != kAbsent;
    }
    if (!IsPlainBinary(n, BinaryKind::Mul)) return false;
    for (int i = 0; i < 2; ++i) {
      *x = n->inputs[1 - i];
      *variance = Root(n->inputs[i], UnaryKind::Rsqrt, epsilon);
      if (*variance != kAbsent) return true;
      const Node* inverse = rewriter_.Producer(n->inputs[i]);
      ValueId root = kAbsent;
      if (IsUnary(inverse, UnaryKind::Reciprocal)) root = inverse->inputs[0];
      if (IsPlainBinary(inverse, BinaryKind::Div) && ScalarOf(graph_, inverse->inputs[0]) == 1.0f)
        root = inverse->inputs[1];
      if (root != kAbsent) *variance = Root(root, UnaryKind::Sqrt, epsilon);
      if (*variance != kAbsent) return true;
    }
    return false;
  }
  // Axes are the last ones of the rank.
  static bool AreLast(const std::vector<int64_t>& axes, int rank) {
    for (size_t i = 0; i < axes.size(); ++i) {
      if (axes[i] != rank - static_cast<int64_t>(axes.size() - i)) return false;
    }
    return true;
  }

  bool FuseNorm(Node* n) {
    ValueId x, variance;
    float epsilon;
    std::vector<int64_t> axes, mean_axes;
    if (!MatchDivision(n, &x, &variance, &epsilon)) return false;
    const ValueId square = Reduced(variance, ReduceKind::Mean, &axes);
    if (square == kAbsent || Squared(square) == kAbsent || graph_.values[x].dtype != DType::kF32)
      return false;
    if (!AreLast(axes, RankOf(graph_, x)) || !SameShape(graph_, x, n->outputs[0])) return false;
    const ValueId d = Squared(square);
    if (d != x && !SameDifference(d, x)) return false;
    const ValueId y = n->outputs[0];
    const std::string name = n->name;
    const Node* difference = rewriter_.Producer<fb::BinaryT>(x);
    if (IsPlainBinary(difference, BinaryKind::Sub) &&
        Reduced(difference->inputs[1], ReduceKind::Mean, &mean_axes) == difference->inputs[0] &&
        mean_axes == axes) {
      fb::LayerNormT norm;
      norm.axis = axes[0];
      norm.epsilon = epsilon;
      const ValueId input = difference->inputs[0];
      rewriter_.Erase(n);
      rewriter_.Add(name, norm, {input}, {y});
      return true;
    }
    if (d != x) return false;
    fb::RmsNormT norm;
    norm.axis = axes[0];
    norm.epsilon = epsilon;
    rewriter_.Erase(n);
    rewriter_.Add(name, norm, {x}, {y});
    return true;
  }
  // x - mean(x) may have been computed twice.
  bool SameDifference(ValueId a, ValueId b) const {
    const Node* p = rewriter_.Producer<fb::BinaryT>(a);
    const Node* q = rewriter_.Producer<fb::BinaryT>(b);
    if (!IsPlainBinary(p, BinaryKind::Sub) || !IsPlainBinary(q, BinaryKind::Sub)) return false;
    std::vector<int64_t> first, second;
    return p->inputs[0] == q->inputs[0] &&
           Reduced(p->inputs[1], ReduceKind::Mean, &first) == p->inputs[0] &&
           Reduced(q->inputs[1], ReduceKind::Mean, &second) == q->inputs[0] && first == second;
  }

  bool FuseSoftmax(Node* n) {
    if (!IsPlainBinary(n, BinaryKind::Div)) return false;
    std::vector<int64_t> sum_axes, max_axes;
    const ValueId e = n->inputs[0];
    if (Reduced(n->inputs[1], ReduceKind::Sum, &sum_axes) != e || sum_axes.size() != 1)
      return false;
    const Node* exp = rewriter_.Producer(e);
    if (!IsUnary(exp, UnaryKind::Exp)) return false;
    const Node* shift = rewriter_.Producer<fb::BinaryT>(exp->inputs[0]);
    if (!IsPlainBinary(shift, BinaryKind::Sub)) return false;
    const ValueId x = shift->inputs[0];
    if (Reduced(shift->inputs[1], ReduceKind::Max, &max_axes) != x || max_axes != sum_axes)
      return false;
    fb::SoftmaxT softmax;
    softmax.axis = sum_axes[0];
    const ValueId y = n->outputs[0];
    const std::string name = n->name;
    rewriter_.Erase(n);
    rewriter_.Add(name, softmax, {x}, {y});
    return true;
  }

  // A constant over the normalized dimensions, as the operator wants it; kAbsent where v is none.
  ValueId Parameter(ValueId v, const Shape& x, int axis) {
    const Weight* weight = graph_.ConstantOf(v);
    if (weight == nullptr || weight->dtype != DType::kF32) return kAbsent;
    Shape shape;
    for (int i = axis; i < x.rank; ++i) {
      if (x[i] < 0) return kAbsent;
      shape.Push(x[i]);
    }
    const int leading = weight->shape.rank - shape.rank;
    if (leading < 0 || weight->shape.rank > x.rank) return kAbsent;
    for (int i = 0; i < weight->shape.rank; ++i) {
      if (weight->shape[i] != (i < leading ? 1 : shape[i - leading])) return kAbsent;
    }
    if (leading == 0) return v;
    Weight flat = *weight;
    flat.shape = shape;
    return rewriter_.NewWeight(std::move(flat));
  }

  void FuseScaleAndBias(Node* n) {
    const bool layer = n->op.type == fb::Op::LayerNorm;
    if (!layer && n->op.type != fb::Op::RmsNorm) return;
    if (InputOf(n, 2) == kAbsent) Absorb(n, BinaryKind::Mul, 1);
    if (layer) Absorb(n, BinaryKind::Add, 2);
  }
  // Takes a constant operand of the only node that reads the result as input i of the norm.
  void Absorb(Node* n, BinaryKind kind, size_t i) {
    const ValueId y = n->outputs[0];
    if (InputOf(n, i) != kAbsent || n->outputs.size() > 1 || !rewriter_.OnlyUse(y)) return;
    Node* user = rewriter_.Users(y)[0];
    if (!IsPlainBinary(user, kind) || !SameShape(graph_, y, user->outputs[0])) return;
    const ValueId other = user->inputs[user->inputs[0] == y ? 1 : 0];
    const Shape x = graph_.values[n->inputs[0]].shape;
    int64_t axis =
        n->op.type == fb::Op::LayerNorm ? n->op.AsLayerNorm()->axis : n->op.AsRmsNorm()->axis;
    if (!NormalizeAxis(x.rank, &axis)) return;
    const ValueId parameter = Parameter(other, x, static_cast<int>(axis));
    if (parameter == kAbsent) return;
    rewriter_.SetInput(n, i, parameter);
    const ValueId result = user->outputs[0];
    rewriter_.Erase(user);
    rewriter_.SetOutput(n, 0, result);
  }

  Rewriter& rewriter_;
  Graph& graph_;
};

}  // namespace

Status FuseNorms(Graph& graph, const Options&) {
  Rewriter rewriter(graph);
  NormFuser(rewriter).Run();
  return Ok();
}

}  // namespace pare::converter
