// Layout: takes Transposes out. Operators that compute the same in any order of dimensions
// (elementwise, Concat, Reduce, ...) are grouped: values that must be laid out alike are one
// region. Around a region stand Transposes and operators with an order of their own. Each region
// gets the permutation with which the fewest elements are transposed at its border.
#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/permute_node.h"
#include "converter/passes/transposes.h"

namespace pare::converter {
namespace {

// Which values have the same order of dimensions.
class Regions {
 public:
  explicit Regions(size_t values) : parent_(values) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }
  ValueId Find(ValueId v) {
    while (parent_[v] != v) v = parent_[v] = parent_[parent_[v]];
    return v;
  }
  void Join(ValueId a, ValueId b) { parent_[Find(a)] = Find(b); }

 private:
  std::vector<ValueId> parent_;
};

struct Region {
  std::vector<Node*> nodes;
  std::set<ValueId> inputs;   // read by nodes of the region, made outside
  std::set<ValueId> results;  // made in the region
};

class LayoutChooser {
 public:
  explicit LayoutChooser(Rewriter& rewriter) : rewriter_(rewriter), graph_(rewriter.graph()) {}

  // One round over all regions; returns whether anything moved.
  bool Run() {
    bool changed = false;
    for (const Region& region : FindRegions()) {
      if (TouchesMoved(region)) continue;
      const Permutation best = BestPermutation(region);
      if (IsIdentity(best)) continue;
      Apply(region, best);
      changed = true;
    }
    return changed;
  }

 private:
  std::vector<Region> FindRegions() {
    Regions regions(graph_.values.size());
    std::vector<Node*> members;
    for (Node* n : rewriter_.Nodes()) {
      if (!CanPermute(graph_, *n)) continue;
      members.push_back(n);
      for (ValueId v : PermutedValues(graph_, *n)) regions.Join(v, n->outputs[0]);
    }
    std::map<ValueId, Region> by_root;
    for (Node* n : members) {
      member_.insert(n);
      by_root[regions.Find(n->outputs[0])].nodes.push_back(n);
    }
    std::vector<Region> result;
    for (auto& [root, region] : by_root) {
      for (Node* n : region.nodes) {
        for (ValueId v : n->outputs) region.results.insert(v);
      }
      for (Node* n : region.nodes) {
        for (ValueId v : PermutedValues(graph_, *n)) {
          if (region.results.count(v) == 0) region.inputs.insert(v);
        }
      }
      result.push_back(std::move(region));
    }
    return result;
  }

  // A region beside one that moved in this round waits: its border is not what it was.
  bool TouchesMoved(const Region& region) const {
    for (ValueId v : region.inputs) {
      const Node* transpose = rewriter_.Producer<fb::TransposeT>(v);
      if (moved_.count(v) != 0 || (transpose != nullptr && moved_.count(transpose->inputs[0]) != 0))
        return true;
    }
    for (ValueId v : region.results) {
      for (const Node* user : rewriter_.Users(v)) {
        if (user->op.type == fb::Op::Transpose && moved_.count(user->outputs[0]) != 0) return true;
      }
    }
    return false;
  }

  // Elements that move, and a little for the node itself.
  int64_t Cost(const Shape& shape, const Permutation& p) const {
    if (IsIdentity(p)) return 0;
    if (KeepsOrder(shape, p)) return kNodeCost;
    int64_t elements = kElementCost;
    for (int i = 0; i < shape.rank; ++i) elements *= shape[i] < 0 ? kGuessedDim : shape[i];
    return elements + kNodeCost;
  }
  // Of making T(v, p) available to the region.
  int64_t InputCost(const Region& region, ValueId v, Permutation p) const {
    if (const Node* transpose = rewriter_.Producer<fb::TransposeT>(v)) {
      p = Compose(PermutationOf(graph_, transpose), p);
      v = transpose->inputs[0];
    }
    for (const Node* user : rewriter_.Users(v)) {
      const bool same = user->op.type == fb::Op::Transpose && PermutationOf(graph_, user) == p;
      if (same && IsReadOutside(region, user->outputs[0])) return 0;
    }
    // Of two places that cost the same the later one is better: what the region computes is then
    // beside the operator that makes its input, and may go into it.
    const int64_t cost = Cost(graph_.values[v].shape, p);
    return cost == 0 ? 0 : cost + 1;
  }
  // Then it is there whatever the region does.
  bool IsReadOutside(const Region& region, ValueId v) const {
    const auto& users = rewriter_.Users(v);
    return rewriter_.IsOutput(v) || std::any_of(users.begin(), users.end(), [&](Node* n) {
             return std::find(region.nodes.begin(), region.nodes.end(), n) == region.nodes.end();
           });
  }
  // Of what lies outside and reads v, which the region holds permuted by p.
  int64_t ResultCost(ValueId v, const Permutation& p) const {
    std::set<Permutation> wanted;
    const Permutation back = Inverse(p);
    if (rewriter_.IsOutput(v)) wanted.insert(back);
    for (const Node* user : rewriter_.Users(v)) {
      if (member_.count(user) != 0) continue;
      const bool transpose = user->op.type == fb::Op::Transpose;
      wanted.insert(transpose ? Compose(back, PermutationOf(graph_, user)) : back);
    }
    const Shape shape = Permute(graph_.values[v].shape, p);
    int64_t cost = 0;
    for (const Permutation& q : wanted) cost += Cost(shape, q);
    return cost;
  }
  int64_t RegionCost(const Region& region, const Permutation& p) const {
    int64_t cost = 0;
    for (ValueId v : region.inputs) cost += InputCost(region, v, p);
    for (ValueId v : region.results) cost += ResultCost(v, p);
    for (const Node* n : region.nodes) {
      for (ValueId v : WidenedInputs(graph_, *n)) cost += Cost(graph_.values[v].shape, Tail(v, p));
    }
    return cost;
  }
  // How the dimensions of a value of lower rank move: their order among p's last ones.
  Permutation Tail(ValueId v, const Permutation& p) const {
    const int rank = graph_.values[v].shape.rank;
    const int missing = static_cast<int>(p.size()) - rank;
    Permutation tail;
    for (int axis : p) {
      if (axis >= missing) tail.push_back(axis - missing);
    }
    return tail;
  }

  Permutation BestPermutation(const Region& region) const {
    const int rank = graph_.values[*region.results.begin()].shape.rank;
    Permutation best(rank);
    std::iota(best.begin(), best.end(), 0);
    std::set<Permutation> candidates;
    for (ValueId v : region.inputs) {
      if (const Node* n = rewriter_.Producer<fb::TransposeT>(v))
        candidates.insert(Inverse(PermutationOf(graph_, n)));
    }
    for (ValueId v : region.results) {
      for (const Node* n : rewriter_.Users(v)) {
        if (n->op.type == fb::Op::Transpose) candidates.insert(PermutationOf(graph_, n));
      }
    }
    int64_t least = RegionCost(region, best);
    for (const Permutation& p : candidates) {
      const int64_t cost = RegionCost(region, p);
      if (cost >= least) continue;
      least = cost;
      best = p;
    }
    return best;
  }

  void Apply(const Region& region, const Permutation& p) {
    std::map<ValueId, ValueId> permuted;
    for (ValueId v : region.inputs) {
      permuted[v] = AddTranspose(rewriter_, graph_.values[v].name + "/transpose", v, p);
      moved_.insert(v);
    }
    for (ValueId v : region.results) {
      const Value value = graph_.values[v];
      permuted[v] =
          rewriter_.NewValue(value.name + "/permuted", value.dtype, Permute(value.shape, p));
      graph_.values[permuted[v]].scale = value.scale;
      graph_.values[permuted[v]].zero_point = value.zero_point;
      moved_.insert(v);
      moved_.insert(permuted[v]);
    }
    for (Node* n : region.nodes) {
      PermuteNode(rewriter_, n, p, permuted);
      for (size_t i = 0; i < n->outputs.size(); ++i)
        rewriter_.SetOutput(n, i, permuted[n->outputs[i]]);
    }
    // Who reads results in their old order finds them behind a Transpose.
    const Permutation back = Inverse(p);
    for (ValueId v : region.results) {
      if (rewriter_.Unused(v)) continue;
      fb::TransposeT transpose;
      transpose.perm.assign(back.begin(), back.end());
      rewriter_.Add(graph_.values[v].name + "/transpose", std::move(transpose), {permuted[v]}, {v});
    }
  }

  static constexpr int64_t kGuessedDim = 64, kElementCost = 16, kNodeCost = 2;
  Rewriter& rewriter_;
  Graph& graph_;
  std::set<const Node*> member_;
  std::set<ValueId> moved_;
};

// A Reduce that drops dimensions is one that keeps them and a Squeeze, which any order of
// dimensions can stand before.
void KeepReducedDims(Rewriter& rewriter) {
  Graph& graph = rewriter.graph();
  for (Node* n : rewriter.Nodes()) {
    fb::ReduceT* reduce = n->op.AsReduce();
    fb::ArgReduceT* arg = n->op.AsArgReduce();
    const bool drops = reduce != nullptr ? !reduce->keep_dims && n->inputs.size() == 1
                                         : arg != nullptr && !arg->keep_dims;
    const Value x = n->inputs.empty() ? Value() : graph.values[n->inputs[0]];
    if (!drops || !x.has_shape || x.shape.rank < 3) continue;
    std::vector<int64_t> axes = NormalizedAxes(
        reduce != nullptr ? reduce->axes : std::vector<int64_t>{arg->axis}, x.shape.rank);
    if (axes.empty()) continue;
    (reduce != nullptr ? reduce->keep_dims : arg->keep_dims) = true;
    Shape kept = x.shape;
    for (int64_t axis : axes) kept[static_cast<int>(axis)] = 1;
    const ValueId y = n->outputs[0];
    const ValueId before =
        rewriter.NewValue(graph.values[y].name + "/kept", graph.values[y].dtype, kept);
    rewriter.SetOutput(n, 0, before);
    fb::SqueezeT squeeze;
    squeeze.axes = std::move(axes);
    rewriter.Add(n->name, std::move(squeeze), {before}, {y});
  }
}

}  // namespace

Status ChooseLayout(Graph& graph, const Options& options) {
  const bool any = std::any_of(graph.nodes.begin(), graph.nodes.end(),
                               [](const Node& n) { return n.op.type == fb::Op::Transpose; });
  if (!any) return Ok();
  {
    Rewriter rewriter(graph);
    KeepReducedDims(rewriter);
  }
  for (int round = 0; round < 8; ++round) {
    PARE_TRY(MoveConstants(graph, options));
    PARE_TRY(Simplify(graph, options));
    Rewriter rewriter(graph);
    if (!LayoutChooser(rewriter).Run()) break;
  }
  PARE_TRY(Simplify(graph, options));
  {
    Rewriter rewriter(graph);
    for (Node* n : rewriter.Nodes()) ReshapeTranspose(rewriter, n);
  }
  return Simplify(graph, options);
}

}  // namespace pare::converter
