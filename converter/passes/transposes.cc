#include "converter/passes/transposes.h"

#include <algorithm>

#include "converter/passes/match.h"

namespace pare::converter {

Permutation PermutationOf(const Graph& graph, const Node* transpose) {
  const auto& perm = transpose->op.AsTranspose()->perm;
  if (!perm.empty()) return Permutation(perm.begin(), perm.end());
  Permutation reversed;
  for (int i = RankOf(graph, transpose->inputs[0]) - 1; i >= 0; --i) reversed.push_back(i);
  return reversed;
}

namespace {

// A value that is `from` moved is quantized as `from` is.
void CopyScale(Graph& graph, ValueId from, ValueId to) {
  graph.values[to].scale = graph.values[from].scale;
  graph.values[to].zero_point = graph.values[from].zero_point;
}

fb::TransposeT MakeTranspose(const Permutation& p) {
  fb::TransposeT transpose;
  transpose.perm.assign(p.begin(), p.end());
  return transpose;
}

// Makes n a Reshape of its input, if a Transpose by p moves no bytes and the target can be said.
bool TurnIntoReshape(Rewriter& rewriter, Node* n, const Permutation& p) {
  const Value& x = rewriter.graph().values[n->inputs[0]];
  if (!x.has_shape || x.shape.rank != static_cast<int>(p.size()) || !KeepsOrder(x.shape, p))
    return false;
  const auto target = ReshapeTarget(x.shape, Permute(x.shape, p));
  if (!target) return false;
  fb::ReshapeT reshape;
  reshape.shape = *target;
  n->op.Set(std::move(reshape));
  return true;
}

}  // namespace

ValueId AddTranspose(Rewriter& rewriter, const std::string& name, ValueId x, const Permutation& p) {
  if (IsIdentity(p)) return x;
  for (Node* user : rewriter.Users(x)) {
    if (user->op.type == fb::Op::Transpose && PermutationOf(rewriter.graph(), user) == p)
      return user->outputs[0];
  }
  const Value& value = rewriter.graph().values[x];
  const ValueId y = rewriter.NewValue(value.name + "/transposed", value.dtype);
  Value& made = rewriter.graph().values[y];
  made.has_shape = rewriter.graph().values[x].has_shape;
  if (made.has_shape) made.shape = Permute(rewriter.graph().values[x].shape, p);
  CopyScale(rewriter.graph(), x, y);
  rewriter.Add(name, MakeTranspose(p), {x}, {y});
  return y;
}

bool MergeTransposes(Rewriter& rewriter, Node* n) {
  if (n->op.type != fb::Op::Transpose) return false;
  const Graph& graph = rewriter.graph();
  const Permutation p = PermutationOf(graph, n);
  if (p.empty()) return false;
  if (IsIdentity(p)) return rewriter.Bypass(n, n->inputs[0]);
  const Node* before = rewriter.Producer<fb::TransposeT>(n->inputs[0]);
  if (before == nullptr) return false;
  const Permutation first = PermutationOf(graph, before);
  if (first.size() != p.size()) return false;
  n->op.Set(MakeTranspose(Compose(first, p)));
  rewriter.SetInput(n, 0, before->inputs[0]);
  return true;
}

bool ReshapeTranspose(Rewriter& rewriter, Node* n) {
  if (n->op.type != fb::Op::Transpose) return false;
  return TurnIntoReshape(rewriter, n, PermutationOf(rewriter.graph(), n));
}

bool TakeTransposedOperand(Rewriter& rewriter, Node* n) {
  fb::MatMulT* matmul = n->op.AsMatMul();
  if (matmul == nullptr) return false;
  const Node* transpose = rewriter.Producer<fb::TransposeT>(n->inputs[1]);
  if (transpose == nullptr || rewriter.graph().IsConstant(transpose->inputs[0])) return false;
  Permutation p = PermutationOf(rewriter.graph(), transpose);
  if (p.size() < 2) return false;
  std::swap(p[p.size() - 1], p[p.size() - 2]);
  if (!IsIdentity(p)) return false;
  matmul->trans_b = !matmul->trans_b;
  rewriter.SetInput(n, 1, transpose->inputs[0]);
  return true;
}

namespace {

// The Transpose that feeds the Reshape, as two: `inner` within each group of dimensions that the
// Reshape makes into others, and `outer`, which moves whole groups.
struct GroupedTranspose {
  Permutation inner;               // of x's dimensions
  std::vector<int> order;          // outer: group i of the result is group order[i] of x
  std::vector<DimGroup> in_order;  // sizes of x's groups: dimensions, and what they become
};

// Groups of the transposed value must be neighbours in x too. False where they are not.
bool SplitTranspose(const Permutation& p, const std::vector<DimGroup>& groups,
                    GroupedTranspose* result) {
  struct Group {
    int first, index;
    std::vector<int> axes;  // of x, as the transposed value has them
    int y_size;
  };
  std::vector<Group> all;
  int x_begin = 0, y_begin = 0;
  for (const DimGroup& g : groups) {
    Group group{0,
                static_cast<int>(all.size()),
                {p.begin() + x_begin, p.begin() + g.x_end},
                g.y_end - y_begin};
    if (group.axes.empty()) return false;
    const auto [low, high] = std::minmax_element(group.axes.begin(), group.axes.end());
    if (*high - *low + 1 != static_cast<int>(group.axes.size())) return false;
    group.first = *low;
    all.push_back(std::move(group));
    x_begin = g.x_end;
    y_begin = g.y_end;
  }
  std::vector<Group> sorted = all;
  std::sort(sorted.begin(), sorted.end(),
            [](const Group& a, const Group& b) { return a.first < b.first; });
  result->order.resize(all.size());
  int x_end = 0, y_end = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    result->order[sorted[i].index] = static_cast<int>(i);
    result->inner.insert(result->inner.end(), sorted[i].axes.begin(), sorted[i].axes.end());
    x_end += static_cast<int>(sorted[i].axes.size());
    y_end += sorted[i].y_size;
    result->in_order.push_back({x_end, y_end});
  }
  return true;
}

// The permutation of y's dimensions that moves groups as `order` says.
Permutation OuterPermutation(const GroupedTranspose& grouped) {
  Permutation p;
  for (int g : grouped.order) {
    const int begin = g == 0 ? 0 : grouped.in_order[g - 1].y_end;
    for (int axis = begin; axis < grouped.in_order[g].y_end; ++axis) p.push_back(axis);
  }
  return p;
}

// The attribute of the Reshape of the grouped dimensions to `y`; empty where two would have to be
// inferred. A dimension that is a group of its own, at the same place, is copied.
std::vector<int64_t> TargetOf(const GroupedTranspose& grouped, const Shape& y) {
  std::vector<int64_t> target;
  DimGroup before = {0, 0};
  int inferred = 0;
  for (const DimGroup& g : grouped.in_order) {
    const bool copied =
        g.x_end == g.y_end && g.x_end - before.x_end == 1 && g.y_end - before.y_end == 1;
    for (int j = before.y_end; j < g.y_end; ++j) {
      target.push_back(y[j] >= 0 ? y[j] : copied ? 0 : -1);
      inferred += target.back() < 0 ? 1 : 0;
      if (y[j] == 0) return {};
    }
    before = g;
  }
  if (inferred > 1) target.clear();
  return target;
}

bool LeadsToTranspose(const Rewriter& rewriter, ValueId v) {
  const auto& users = rewriter.Users(v);
  return !rewriter.IsOutput(v) && !users.empty() &&
         std::all_of(users.begin(), users.end(),
                     [](const Node* n) { return n->op.type == fb::Op::Transpose; });
}

}  // namespace

bool MoveTransposeThroughReshape(Rewriter& rewriter, Node* n) {
  const fb::ReshapeT* reshape = n->op.AsReshape();
  if (reshape == nullptr || InputOf(n, 1) != kAbsent) return false;
  const Node* transpose = rewriter.Producer<fb::TransposeT>(n->inputs[0]);
  if (transpose == nullptr || !rewriter.OnlyUse(n->inputs[0])) return false;
  Graph& graph = rewriter.graph();
  const Permutation p = PermutationOf(graph, transpose);
  const Value& middle = graph.values[n->inputs[0]];
  const Value& y = graph.values[n->outputs[0]];
  if (!middle.has_shape || !y.has_shape || static_cast<int>(p.size()) != middle.shape.rank ||
      IsIdentity(p))
    return false;
  GroupedTranspose grouped;
  if (!SplitTranspose(p, GroupDims(middle.shape, y.shape, reshape->shape), &grouped)) return false;
  const Permutation outer = OuterPermutation(grouped);
  const ValueId x = transpose->inputs[0];
  if (static_cast<int>(outer.size()) != y.shape.rank || !graph.values[x].has_shape) return false;
  if (!IsIdentity(grouped.inner) && grouped.inner == p) return false;
  const bool cancels = KeepsOrder(Permute(y.shape, Inverse(outer)), outer);
  if (!cancels && !LeadsToTranspose(rewriter, n->outputs[0])) return false;
  const Shape shape = Permute(y.shape, Inverse(outer));
  const std::vector<int64_t> target = TargetOf(grouped, shape);
  if (target.empty()) return false;

  const ValueId moved = AddTranspose(rewriter, transpose->name, x, grouped.inner);
  const ValueId reshaped = rewriter.NewValue(graph.values[n->outputs[0]].name + "/reshaped",
                                             graph.values[n->outputs[0]].dtype, shape);
  fb::ReshapeT before;
  before.shape = target;
  CopyScale(graph, n->outputs[0], reshaped);
  rewriter.Add(n->name, std::move(before), {moved}, {reshaped});
  n->op.Set(MakeTranspose(outer));
  rewriter.SetInputs(n, {reshaped});
  return true;
}

}  // namespace pare::converter
