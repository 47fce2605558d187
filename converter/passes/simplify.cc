// Removes nodes that change nothing and merges pairs that are one: the algebra of single nodes and
// their neighbours. Runs until nothing changes.
#include <algorithm>
#include <cmath>
#include <limits>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/shapes.h"
#include "converter/passes/transposes.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;

// A rule looks at one living node and returns whether it changed something.
using Rule = bool (*)(Rewriter&, Node*);

bool SkipIdentity(Rewriter& rewriter, Node* n) {
  if (n->op.type != fb::Op::Identity) return false;
  const bool constant = rewriter.graph().IsConstant(n->inputs[0]);
  if (constant && rewriter.IsOutput(n->outputs[0])) return false;
  return rewriter.Bypass(n, n->inputs[0]);
}

// Every value of `from` is a value of `to`, so that a cast to `to` and then on loses nothing.
bool Widens(DType from, DType to) {
  if (from == DType::kBool) return true;
  if (IsFloat(from)) return IsFloat(to) && SizeOf(to) > SizeOf(from);
  if (IsFloat(to)) return SizeOf(to) > SizeOf(from);
  const bool from_signed = from == DType::kI8 || from == DType::kI16 || from == DType::kI32;
  const bool to_signed = to == DType::kI16 || to == DType::kI32 || to == DType::kI64;
  return SizeOf(to) > SizeOf(from) && (to_signed || !from_signed);
}

bool SimplifyCast(Rewriter& rewriter, Node* n) {
  const fb::CastT* cast = n->op.AsCast();
  if (cast == nullptr) return false;
  const Graph& graph = rewriter.graph();
  const ValueId x = n->inputs[0];
  if (!graph.values[x].has_shape) return false;
  if (graph.values[x].dtype == static_cast<DType>(cast->to)) return rewriter.Bypass(n, x);
  const Node* before = rewriter.Producer<fb::CastT>(x);
  if (before == nullptr) return false;
  const ValueId source = before->inputs[0];
  if (!Widens(graph.values[source].dtype, graph.values[x].dtype)) return false;
  rewriter.SetInput(n, 0, source);
  return true;
}

// Whether n, a Binary, is `x op c` with c an element or a tensor of equal elements that does not
// change x's shape.
bool IsNeutral(Rewriter& rewriter, const Node* n, bool commutes, float neutral, ValueId* x) {
  const Graph& graph = rewriter.graph();
  ValueId c;
  const bool matched = MatchOperands(
      n, commutes, [&](ValueId v) { return AllEqual(graph, v, neutral); }, x, &c);
  return matched && !graph.IsConstant(*x) && SameShape(graph, *x, n->outputs[0]);
}

bool SimplifyBinary(Rewriter& rewriter, Node* n) {
  const fb::BinaryT* binary = n->op.AsBinary();
  if (binary == nullptr || KindOf(binary->activation.get()) != UnaryKind::None) return false;
  ValueId x;
  bool neutral = false;
  switch (binary->kind) {
    case BinaryKind::Add: neutral = IsNeutral(rewriter, n, true, 0, &x); break;
    case BinaryKind::Sub: neutral = IsNeutral(rewriter, n, false, 0, &x); break;
    case BinaryKind::Mul: neutral = IsNeutral(rewriter, n, true, 1, &x); break;
    case BinaryKind::Div:
    case BinaryKind::Pow: neutral = IsNeutral(rewriter, n, false, 1, &x); break;
    default: break;
  }
  return neutral && rewriter.Bypass(n, x);
}

// Relu, Clip and Min or Max with one number, as bounds. False for anything else.
bool BoundsOf(const Graph& graph, const Node* n, ValueId* x, float* low, float* high) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (n == nullptr || !MakesF32(graph, n)) return false;
  *low = -kInfinity;
  *high = kInfinity;
  *x = n->inputs[0];
  if (IsUnary(n, UnaryKind::Relu)) return *low = 0, true;
  if (IsUnary(n, UnaryKind::Clip)) {
    *low = n->op.AsUnary()->activation->alpha;
    *high = n->op.AsUnary()->activation->beta;
    return true;
  }
  for (BinaryKind kind : {BinaryKind::Min, BinaryKind::Max}) {
    ValueId c;
    if (!IsPlainBinary(n, kind) ||
        !MatchOperands(
            n, true, [&](ValueId v) { return ScalarOf(graph, v).has_value(); }, x, &c) ||
        !SameShape(graph, *x, n->outputs[0]))
      continue;
    (kind == BinaryKind::Min ? *high : *low) = *ScalarOf(graph, c);
    return !std::isnan(*ScalarOf(graph, c));
  }
  return false;
}

void MakeClip(Rewriter& rewriter, Node* n, ValueId x, float low, float high) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  fb::UnaryT unary;
  unary.activation = std::make_unique<fb::ActivationT>();
  unary.activation->kind = low == 0 && high == kInfinity ? UnaryKind::Relu : UnaryKind::Clip;
  if (unary.activation->kind == UnaryKind::Clip) {
    unary.activation->alpha = low;
    unary.activation->beta = high;
  }
  n->op.Set(std::move(unary));
  rewriter.SetInputs(n, {x});
}

bool MergeBounds(Rewriter& rewriter, Node* n) {
  const Graph& graph = rewriter.graph();
  ValueId x, source;
  float low, high, low_before, high_before;
  if (!BoundsOf(graph, n, &x, &low, &high)) return false;
  if (n->op.type == fb::Op::Binary) {
    MakeClip(rewriter, n, x, low, high);
    return true;
  }
  const Node* before = rewriter.Producer(x);
  if (!BoundsOf(graph, before, &source, &low_before, &high_before)) return false;
  if (!(low_before <= high_before) || !(low <= high)) return false;
  MakeClip(rewriter, n, source, std::min(std::max(low_before, low), high),
           std::min(std::max(high_before, low), high));
  return true;
}

// Whether a Reshape to `target` leaves a value of that shape as it is.
bool KeepsShape(const std::vector<int64_t>& target, const Shape& shape) {
  int inferred = 0;
  for (size_t i = 0; i < target.size() && i < kMaxRank; ++i) {
    inferred += target[i] == -1 ? 1 : 0;
    const bool same = target[i] == 0 || target[i] == -1 || target[i] == shape[static_cast<int>(i)];
    if (!same) return false;
  }
  return inferred <= 1 && target.size() == static_cast<size_t>(shape.rank);
}

bool SimplifyReshape(Rewriter& rewriter, Node* n) {
  fb::ReshapeT* reshape = n->op.AsReshape();
  if (reshape == nullptr || InputOf(n, 1) != kAbsent) return false;
  const Graph& graph = rewriter.graph();
  const ValueId x = n->inputs[0], y = n->outputs[0];
  const bool same = SameShape(graph, x, y) && CountUnknown(graph.values[x].shape) <= 1;
  const bool kept = graph.values[x].has_shape && !reshape->allow_zero &&
                    KeepsShape(reshape->shape, graph.values[x].shape);
  if (same || kept) return rewriter.Bypass(n, x);
  const Node* before = rewriter.Producer<fb::ReshapeT>(x);
  if (before == nullptr || InputOf(before, 1) != kAbsent || reshape->allow_zero) return false;
  const fb::ReshapeT& first = *before->op.AsReshape();
  std::vector<int64_t> target = reshape->shape;
  for (size_t i = 0; i < target.size(); ++i) {
    if (target[i] != 0) continue;
    // Copied from the value between: it copied or fixed it itself, or it is the one to be inferred.
    if (first.allow_zero || i >= first.shape.size()) return false;
    if (first.shape[i] < 0 && std::count(target.begin(), target.end(), -1) > 0) return false;
    target[i] = first.shape[i];
  }
  reshape->shape = target;
  rewriter.SetInput(n, 0, before->inputs[0]);
  return true;
}

bool TakesAll(const Graph& graph, const Node* n) {
  const fb::SliceT* slice = n->op.AsSlice();
  if (n->inputs.size() != 1 || slice->starts.size() != slice->ends.size()) return false;
  const Value& x = graph.values[n->inputs[0]];
  for (size_t i = 0; i < slice->starts.size(); ++i) {
    const bool forward = i >= slice->steps.size() || slice->steps[i] == 1;
    int64_t axis = i < slice->axes.size() ? slice->axes[i] : static_cast<int64_t>(i);
    if (!forward || slice->starts[i] != 0 || !x.has_shape || !NormalizeAxis(x.shape.rank, &axis))
      return false;
    const int64_t size = x.shape[static_cast<int>(axis)];
    const int64_t whole = size >= 0 ? size : std::numeric_limits<int32_t>::max();
    if (slice->ends[i] < whole) return false;
  }
  return true;
}

bool AllAre(const std::vector<int64_t>& values, int64_t x) {
  return std::all_of(values.begin(), values.end(), [x](int64_t v) { return v == x; });
}

// Operators that hand on their input where their attributes ask for nothing.
bool SkipIdle(Rewriter& rewriter, Node* n) {
  const Graph& graph = rewriter.graph();
  bool idle = false;
  switch (n->op.type) {
    case fb::Op::Concat: idle = n->inputs.size() == 1; break;
    case fb::Op::Split: idle = n->outputs.size() == 1; break;
    case fb::Op::Slice: idle = TakesAll(graph, n); break;
    case fb::Op::Pad: idle = n->inputs.size() == 1 && AllAre(n->op.AsPad()->pads, 0); break;
    case fb::Op::Tile: idle = n->inputs.size() == 1 && AllAre(n->op.AsTile()->repeats, 1); break;
    case fb::Op::Expand:
      idle = HasStaticShape(graph, n->inputs[0]) && SameShape(graph, n->inputs[0], n->outputs[0]);
      break;
    case fb::Op::Resize:
      idle = HasStaticShape(graph, n->inputs[0]) && SameShape(graph, n->inputs[0], n->outputs[0]) &&
             n->op.AsResize()->coordinate != fb::CoordinateMode::TfCropAndResize;
      break;
    default: break;
  }
  return idle && rewriter.Bypass(n, n->inputs[0]);
}

// An operand that is expanded to the shape of the result broadcasts by itself.
bool SkipExpand(Rewriter& rewriter, Node* n) {
  if (n->op.type != fb::Op::Binary && n->op.type != fb::Op::Where) return false;
  const Graph& graph = rewriter.graph();
  for (size_t i = 0; i < n->inputs.size(); ++i) {
    const Node* expand = rewriter.Producer<fb::ExpandT>(n->inputs[i]);
    if (expand == nullptr || !HasStaticShape(graph, n->outputs[0])) continue;
    Shape shape;
    for (size_t j = 0; j < n->inputs.size(); ++j) {
      const ValueId v = j == i ? expand->inputs[0] : n->inputs[j];
      if (!HasStaticShape(graph, v) || !BroadcastShapes(shape, graph.values[v].shape, &shape))
        return false;
    }
    if (shape != graph.values[n->outputs[0]].shape) continue;
    rewriter.SetInput(n, i, expand->inputs[0]);
    return true;
  }
  return false;
}

// g broadcasts over some dimension of x.
bool IsSmaller(const Shape& g, const Shape& x) {
  for (int i = 0; i < g.rank && g.rank == x.rank; ++i) {
    if (g[i] == 1 && x[i] != 1) return true;
  }
  return false;
}

// x + x * g is x * (1 + g): one pass over x less, where g is smaller than x.
bool FactorOut(Rewriter& rewriter, Node* n) {
  if (!IsPlainBinary(n, BinaryKind::Add)) return false;
  Graph& graph = rewriter.graph();
  for (int i = 0; i < 2; ++i) {
    const ValueId x = n->inputs[i], product = n->inputs[1 - i];
    const Node* mul = rewriter.Producer(product);
    if (!IsPlainBinary(mul, BinaryKind::Mul) || !rewriter.OnlyUse(product)) continue;
    if (mul->inputs[0] != x && mul->inputs[1] != x) continue;
    const ValueId gate = mul->inputs[mul->inputs[0] == x ? 1 : 0];
    if (!graph.values[gate].has_shape || graph.values[gate].dtype != DType::kF32 ||
        !SameShape(graph, x, n->outputs[0]) ||
        !IsSmaller(graph.values[gate].shape, graph.values[x].shape))
      continue;
    float* one;
    Weight weight = Weight::Make(n->name + "/one", Shape{}, &one);
    *one = 1;
    const ValueId constant = rewriter.NewWeight(std::move(weight));
    const ValueId sum = rewriter.NewValue(graph.values[gate].name + "/plus_one", DType::kF32,
                                          graph.values[gate].shape);
    rewriter.Add(n->name, fb::BinaryT(), {gate, constant}, {sum});
    n->op.AsBinary()->kind = BinaryKind::Mul;
    rewriter.SetInputs(n, {x, sum});
    return true;
  }
  return false;
}

constexpr Rule kRules[] = {
    SkipIdentity,
    SimplifyCast,
    SimplifyBinary,
    MergeBounds,
    SkipIdle,
    SimplifyReshape,
    SkipExpand,
    FactorOut,
    MergeTransposes,
    MoveTransposeThroughReshape,
    TakeTransposedOperand,
};

}  // namespace

Status Simplify(Graph& graph, const Options&) {
  Rewriter rewriter(graph);
  bool changed = true;
  // Each rule makes the graph smaller or moves it towards one form; the bound is a safety net.
  for (int round = 0; changed && round < 50; ++round) {
    changed = false;
    for (Node* n : rewriter.Nodes()) {
      for (Rule rule : kRules) {
        if (n->op.type == fb::Op::NONE) break;
        changed |= rule(rewriter, n);
      }
    }
    for (Node* n : rewriter.Nodes()) rewriter.EraseIfUnused(n);
  }
  return Ok();
}

}  // namespace pare::converter
