// Exported activations: a group of elementwise nodes that computes a function of one tensor becomes
// one Unary. The spelling does not matter: the group is evaluated in double precision at sample
// points and compared with the functions that kernels have (GELU, SiLU, hard-swish, ...). Then a
// Unary moves into the node before it, where that node can apply it to its result.
#include <algorithm>
#include <cmath>
#include <map>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;

constexpr int kMaxNodes = 12;  // of a group; tanh GELU takes 9

double Clamp(double x, double low, double high) { return std::min(std::max(x, low), high); }

// False for functions that no known spelling is made of.
bool EvaluateUnary(const fb::ActivationT& a, double x, double* y) {
  switch (a.kind) {
    case UnaryKind::Abs: return *y = std::fabs(x), true;
    case UnaryKind::Neg: return *y = -x, true;
    case UnaryKind::Exp: return *y = std::exp(x), true;
    case UnaryKind::Log: return *y = std::log(x), true;
    case UnaryKind::Sqrt: return *y = std::sqrt(x), true;
    case UnaryKind::Reciprocal: return *y = 1 / x, true;
    case UnaryKind::Tanh: return *y = std::tanh(x), true;
    case UnaryKind::Erf: return *y = std::erf(x), true;
    case UnaryKind::Sigmoid: return *y = 1 / (1 + std::exp(-x)), true;
    case UnaryKind::Relu: return *y = std::max(x, 0.0), true;
    case UnaryKind::Softplus:
      return *y = std::log1p(std::exp(-std::fabs(x))) + std::max(x, 0.0), true;
    case UnaryKind::HardSigmoid:
      return *y = Clamp(double{a.alpha} * x + double{a.beta}, 0, 1), true;
    case UnaryKind::HardSwish: return *y = x * Clamp(x / 6 + 0.5, 0, 1), true;
    case UnaryKind::Clip: return *y = Clamp(x, double{a.alpha}, double{a.beta}), true;
    case UnaryKind::Gelu: return *y = 0.5 * x * (1 + std::erf(x * std::sqrt(0.5))), true;
    case UnaryKind::GeluTanh:
      return *y = 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))), true;
    case UnaryKind::Silu: return *y = x / (1 + std::exp(-x)), true;
    case UnaryKind::Mish:
      return *y = x * std::tanh(std::log1p(std::exp(-std::fabs(x))) + std::max(x, 0.0)), true;
    default: return false;
  }
}

bool EvaluateBinary(BinaryKind kind, double a, double b, double* y) {
  switch (kind) {
    case BinaryKind::Add: return *y = a + b, true;
    case BinaryKind::Sub: return *y = a - b, true;
    case BinaryKind::Mul: return *y = a * b, true;
    case BinaryKind::Div: return *y = a / b, true;
    case BinaryKind::Pow: return *y = std::pow(a, b), true;
    case BinaryKind::Min: return *y = std::min(a, b), true;
    case BinaryKind::Max: return *y = std::max(a, b), true;
    default: return false;
  }
}

// Elementwise nodes between one tensor and `nodes[0]`, which makes the result.
struct Group {
  std::vector<Node*> nodes;  // each before those that it reads
  ValueId leaf = kAbsent;

  bool Contains(const Node* n) const {
    return std::find(nodes.begin(), nodes.end(), n) != nodes.end();
  }
};

bool IsElementwise(const Graph& graph, const Node* n) {
  if (n == nullptr || !MakesF32(graph, n)) return false;
  double ignored;
  if (n->op.type == fb::Op::Binary)
    return KindOf(n->op.AsBinary()->activation.get()) == UnaryKind::None &&
           EvaluateBinary(n->op.AsBinary()->kind, 1, 1, &ignored);
  const fb::UnaryT* unary = n->op.AsUnary();
  return unary != nullptr && unary->activation != nullptr &&
         EvaluateUnary(*unary->activation, 1, &ignored);
}

bool Evaluate(const Graph& graph, const Group& group, double x, double* y) {
  std::map<ValueId, double> values = {{group.leaf, x}};
  auto value_of = [&](ValueId v) {
    const auto scalar = ScalarOf(graph, v);
    return scalar ? double{*scalar} : values.at(v);
  };
  for (auto node = group.nodes.rbegin(); node != group.nodes.rend(); ++node) {
    const Node& n = **node;
    double result;
    const bool done =
        n.op.type == fb::Op::Unary
            ? EvaluateUnary(*n.op.AsUnary()->activation, value_of(n.inputs[0]), &result)
            : EvaluateBinary(n.op.AsBinary()->kind, value_of(n.inputs[0]), value_of(n.inputs[1]),
                             &result);
    if (!done) return false;
    values[n.outputs[0]] = result;
  }
  *y = values.at(group.nodes[0]->outputs[0]);
  return true;
}

// What the group computes, or null. Candidates with parameters take them from the group's Clip.
std::unique_ptr<fb::ActivationT> Recognise(const Graph& graph, const Group& group) {
  std::vector<double> xs, ys;
  for (int i = -120; i <= 120; ++i) {
    const double x = 0.1 * i + 0.0123;
    double y;
    if (!Evaluate(graph, group, x, &y) || !std::isfinite(y)) return nullptr;
    xs.push_back(x);
    ys.push_back(y);
  }
  auto matches = [&](const fb::ActivationT& a) {
    for (size_t i = 0; i < xs.size(); ++i) {
      double y;
      if (!EvaluateUnary(a, xs[i], &y) || !(std::fabs(y - ys[i]) <= 2e-6 * (1 + std::fabs(y))))
        return false;
    }
    return true;
  };
  auto activation = std::make_unique<fb::ActivationT>();
  for (UnaryKind kind : {UnaryKind::HardSwish, UnaryKind::Silu, UnaryKind::Gelu,
                         UnaryKind::GeluTanh, UnaryKind::Mish, UnaryKind::Sigmoid}) {
    activation->kind = kind;
    if (matches(*activation)) return activation;
  }
  activation->kind = UnaryKind::Clip;
  activation->alpha = static_cast<float>(*std::min_element(ys.begin(), ys.end()));
  activation->beta = static_cast<float>(*std::max_element(ys.begin(), ys.end()));
  // Its slope has to be seen: what is flat at all samples may rise behind them.
  const bool slopes = std::any_of(ys.begin(), ys.end(), [&](double y) {
    return y > double{activation->alpha} + 1e-3 && y < double{activation->beta} - 1e-3;
  });
  if (slopes && activation->alpha > -11 && activation->beta < 11 && matches(*activation))
    return activation;
  // clamp(a x + b, 0, 1): a and b from two points on the slope.
  for (size_t i = 0; i + 1 < xs.size(); ++i) {
    if (!(ys[i] > 1e-3 && ys[i + 1] < 1 - 1e-3 && ys[i] < ys[i + 1])) continue;
    const double slope = (ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i]);
    activation->kind = UnaryKind::HardSigmoid;
    activation->alpha = static_cast<float>(slope);
    activation->beta = static_cast<float>(ys[i] - slope * xs[i]);
    return matches(*activation) ? std::move(activation) : nullptr;
  }
  return nullptr;
}

// Grows the group at `root` towards its inputs, and takes the largest for which the function is
// known. Nodes of the group but the root are read by the group only.
class Finder {
 public:
  Finder(Rewriter& rewriter, const std::map<const Node*, int>& order)
      : rewriter_(rewriter), order_(order) {}

  std::unique_ptr<fb::ActivationT> Find(Node* root, Group* best) {
    std::unique_ptr<fb::ActivationT> found;
    Group group;
    group.nodes = {root};
    leaves_.clear();
    AddLeaves(root);
    while (!leaves_.empty() && group.nodes.size() <= kMaxNodes) {
      group.leaf = leaves_[0];
      if (leaves_.size() == 1 && group.nodes.size() > 1 && KeepsRank(group) && IsClosed(group)) {
        auto activation = Recognise(rewriter_.graph(), group);
        if (activation != nullptr) {
          found = std::move(activation);
          *best = group;
        }
      }
      Node* next = LatestProducer();
      if (next == nullptr) break;
      leaves_.erase(std::find(leaves_.begin(), leaves_.end(), next->outputs[0]));
      group.nodes.push_back(next);
      AddLeaves(next);
    }
    return found;
  }

 private:
  void AddLeaves(const Node* n) {
    for (ValueId v : n->inputs) {
      const bool known = std::find(leaves_.begin(), leaves_.end(), v) != leaves_.end();
      if (!known && !ScalarOf(rewriter_.graph(), v)) leaves_.push_back(v);
    }
  }
  // Of the nodes that make leaves, the last in order: so no node comes after one that it reads.
  Node* LatestProducer() const {
    Node* latest = nullptr;
    for (ValueId v : leaves_) {
      Node* n = rewriter_.Producer(v);
      if (n == nullptr || order_.count(n) == 0) continue;
      if (latest == nullptr || order_.at(n) > order_.at(latest)) latest = n;
    }
    return IsElementwise(rewriter_.graph(), latest) ? latest : nullptr;
  }
  bool KeepsRank(const Group& group) const {
    const int rank = RankOf(rewriter_.graph(), group.leaf);
    return rank >= 0 && rank == RankOf(rewriter_.graph(), group.nodes[0]->outputs[0]);
  }
  bool IsClosed(const Group& group) const {
    for (size_t i = 1; i < group.nodes.size(); ++i) {
      const ValueId v = group.nodes[i]->outputs[0];
      if (rewriter_.IsOutput(v)) return false;
      for (const Node* user : rewriter_.Users(v)) {
        if (!group.Contains(user)) return false;
      }
    }
    return true;
  }

  Rewriter& rewriter_;
  const std::map<const Node*, int>& order_;
  std::vector<ValueId> leaves_;
};

bool CanApply(const Graph& graph, Node* n, const fb::ActivationT& activation) {
  switch (activation.kind) {
    case UnaryKind::None:
    case UnaryKind::Not:
    case UnaryKind::IsNan:
    case UnaryKind::IsInf:
    case UnaryKind::BitwiseNot: return false;
    default: break;
  }
  if (n->op.type == fb::Op::Unary || !MakesF32(graph, n)) return false;
  if (n->op.type == fb::Op::Binary && n->op.AsBinary()->kind >= BinaryKind::Equal) return false;
  const auto* own = ActivationOf(n);
  return own != nullptr && KindOf(own->get()) == UnaryKind::None;
}

}  // namespace

Status RecogniseActivations(Graph& graph, const Options&) {
  Rewriter rewriter(graph);
  std::vector<Node*> nodes = rewriter.Nodes();
  std::map<const Node*, int> order;
  for (size_t i = 0; i < nodes.size(); ++i) order[nodes[i]] = static_cast<int>(i);
  for (auto n = nodes.rbegin(); n != nodes.rend(); ++n) {
    if ((*n)->op.type == fb::Op::NONE || !IsElementwise(graph, *n)) continue;
    Group group;
    auto activation = Finder(rewriter, order).Find(*n, &group);
    if (activation == nullptr) continue;
    const ValueId output = (*n)->outputs[0];
    const std::string name = (*n)->name;
    for (Node* old : group.nodes) rewriter.Erase(old);
    fb::UnaryT unary;
    unary.activation = std::move(activation);
    rewriter.Add(name, std::move(unary), {group.leaf}, {output});
  }
  return Ok();
}

Status FuseActivations(Graph& graph, const Options&) {
  Rewriter rewriter(graph);
  for (Node* n : rewriter.Nodes()) {
    if (n->op.type != fb::Op::Unary) continue;
    const ValueId x = n->inputs[0];
    Node* maker = rewriter.Producer(x);
    auto& activation = n->op.AsUnary()->activation;
    if (maker == nullptr || activation == nullptr || !rewriter.OnlyUse(x) ||
        !CanApply(graph, maker, *activation))
      continue;
    *ActivationOf(maker) = std::move(activation);
    const ValueId y = n->outputs[0];
    rewriter.Erase(n);
    rewriter.SetOutput(maker, 0, y);
  }
  return Ok();
}

}  // namespace pare::converter
