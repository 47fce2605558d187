// Attention in its exported spelling, with the heads split before and merged after it:
//   softmax(scale * Q K^T [+ mask]) V,  Q = Transpose(Reshape(q))[B,H,T,D] and so on
// becomes one node that reads q, k and v as [B,T,H*D]. A packed projection [B,T,3*H*D] whose thirds
// are taken after splitting heads is sliced instead.
#include <algorithm>
#include <cmath>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/transposes.h"
#include "runtime/ops/op.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;

const Permutation kSwapHeads = {0, 2, 1, 3};  // [B,T,H,D] <-> [B,H,T,D]

struct Match {
  Node *softmax, *scores, *output;  // output: probabilities times V
  ValueId q, k, v, mask = kAbsent;  // q, v: [B,H,T,D]; k: [B,H,S,D], or [B,H,D,S] where transposed
  bool k_transposed = false;
  float scale = 1;
};

class AttentionFuser {
 public:
  explicit AttentionFuser(Rewriter& rewriter) : rewriter_(rewriter), graph_(rewriter.graph()) {}

  void Run() {
    for (Node* n : rewriter_.Nodes()) {
      Match match;
      if (n->op.type == fb::Op::Softmax && Find(n, &match)) Fuse(match);
    }
    for (Node* n : rewriter_.Nodes()) rewriter_.EraseIfUnused(n);
  }

 private:
  // Follows v through factors that are one number; multiplies them into *scale.
  ValueId SkipScale(ValueId v, float* scale) const {
    for (;;) {
      const Node* n = rewriter_.Producer<fb::BinaryT>(v);
      ValueId x, c;
      const auto scalar = [&](ValueId w) { return ScalarOf(graph_, w).has_value(); };
      if (n == nullptr || !rewriter_.OnlyUse(v)) return v;
      if (IsPlainBinary(n, BinaryKind::Mul) && MatchOperands(n, true, scalar, &x, &c)) {
        *scale *= *ScalarOf(graph_, c);
      } else if (IsPlainBinary(n, BinaryKind::Div) && MatchOperands(n, false, scalar, &x, &c)) {
        *scale /= *ScalarOf(graph_, c);
      } else {
        return v;
      }
      v = x;
    }
  }

  static bool IsPlainProduct(const Node* n) {
    if (n == nullptr || n->op.type != fb::Op::MatMul) return false;
    const fb::MatMulT* m = n->op.AsMatMul();
    return !m->trans_a && n->inputs.size() == 2 &&
           KindOf(m->activation.get()) == fb::UnaryKind::None;
  }

  // The result of Where(IsNan(y), 0, y), where that is all that reads y, else y: it makes zeros of
  // a row of which every key is masked, as Attention does by itself.
  ValueId SkipGuard(ValueId y) const {
    const auto& users = rewriter_.Users(y);
    if (users.size() != 2 || rewriter_.IsOutput(y)) return y;
    for (int i = 0; i < 2; ++i) {
      const Node *test = users[static_cast<size_t>(i)], *where = users[static_cast<size_t>(1 - i)];
      const bool guard = IsUnary(test, fb::UnaryKind::IsNan) && where->op.type == fb::Op::Where &&
                         where->inputs[0] == test->outputs[0] && where->inputs[2] == y &&
                         ScalarOf(graph_, where->inputs[1]) == 0.0f &&
                         rewriter_.OnlyUse(test->outputs[0]);
      if (guard) return where->outputs[0];
    }
    return y;
  }

  bool FindScores(ValueId v, Match* match) const {
    v = SkipScale(v, &match->scale);
    Node* n = rewriter_.Producer(v);
    if (!IsPlainProduct(n) || !rewriter_.OnlyUse(v)) return false;
    match->scores = n;
    match->scale *= n->op.AsMatMul()->alpha;
    match->q = SkipScale(n->inputs[0], &match->scale);
    match->k = SkipScale(n->inputs[1], &match->scale);
    match->k_transposed = !n->op.AsMatMul()->trans_b;
    return true;
  }

  bool Find(Node* softmax, Match* match) const {
    match->softmax = softmax;
    const ValueId y = softmax->outputs[0];
    const int64_t axis = softmax->op.AsSoftmax()->axis;
    if (RankOf(graph_, y) != 4 || (axis != -1 && axis != 3) || softmax->op.AsSoftmax()->log)
      return false;
    const ValueId p = SkipGuard(y);
    if (!rewriter_.OnlyUse(p) || !IsPlainProduct(rewriter_.Users(p)[0])) return false;
    match->output = rewriter_.Users(p)[0];
    const fb::MatMulT* product = match->output->op.AsMatMul();
    if (match->output->inputs[0] != p || product->trans_b || product->alpha != 1) return false;
    match->v = match->output->inputs[1];

    const ValueId x = softmax->inputs[0];
    const Node* add = rewriter_.Producer<fb::BinaryT>(x);
    bool found = false;
    if (IsPlainBinary(add, BinaryKind::Add) && rewriter_.OnlyUse(x)) {
      for (int i = 0; i < 2 && !found; ++i) {
        match->scale = 1;
        match->mask = add->inputs[1 - i];
        // A mask that widens the scores would widen q too.
        found = FindScores(add->inputs[i], match) && SameShape(graph_, add->inputs[i], x) &&
                RankOf(graph_, match->mask) >= 0 && graph_.values[match->mask].dtype == DType::kF32;
      }
    } else {
      found = FindScores(x, match);
    }
    return found && ShapesFit(*match);
  }

  bool ShapesFit(const Match& m) const {
    for (ValueId v : {m.q, m.k, m.v, m.output->outputs[0]}) {
      const Value& value = graph_.values[v];
      if (RankOf(graph_, v) != 4 || value.dtype != DType::kF32 || value.weight >= 0) return false;
    }
    const Shape &q = Dims(m.q), &k = Dims(m.k), &v = Dims(m.v);
    const int64_t depth = k[m.k_transposed ? 2 : 3];
    return q[1] > 0 && q[1] == k[1] && q[1] == v[1] && q[3] > 0 && depth == q[3] && v[3] > 0 &&
           q[0] == k[0] && q[0] == v[0];
  }
  const Shape& Dims(ValueId v) const { return graph_.values[v].shape; }

  // x [B,T,3*H*D] and which third, where v [B,H,T,D] is part i of its heads; -1 otherwise.
  int64_t PartOf(ValueId v, ValueId* x) const {
    const Node* n = rewriter_.Producer(v);
    int64_t part = -1;
    ValueId heads = kAbsent;
    if (n != nullptr && n->op.type == fb::Op::Gather && n->op.AsGather()->axis == 0) {
      const auto index = IntegersOf(graph_, n->inputs[1]);
      if (!index || index->size() != 1 || RankOf(graph_, n->inputs[1]) != 0) return -1;
      part = (*index)[0];
      heads = n->inputs[0];
    } else if (n != nullptr && n->op.type == fb::Op::Reshape && InputOf(n, 1) == kAbsent) {
      const Node* cut = rewriter_.Producer<fb::SliceT>(n->inputs[0]);
      if (cut == nullptr || cut->inputs.size() != 1) return -1;
      const fb::SliceT* slice = cut->op.AsSlice();
      const Shape& five = Dims(cut->outputs[0]);
      if (slice->starts.size() != 1 || slice->axes != std::vector<int64_t>{0} || five.rank != 5 ||
          five[0] != 1 || (!slice->steps.empty() && slice->steps[0] != 1))
        return -1;
      part = slice->starts[0];
      heads = cut->inputs[0];
    }
    const Node* transpose = rewriter_.Producer<fb::TransposeT>(heads);
    if (transpose == nullptr || PermutationOf(graph_, transpose) != Permutation{2, 0, 3, 1, 4})
      return -1;
    const Node* split = rewriter_.Producer<fb::ReshapeT>(transpose->inputs[0]);
    if (split == nullptr || InputOf(split, 1) != kAbsent) return -1;
    *x = split->inputs[0];
    const Shape& parts = Dims(split->outputs[0]);
    if (RankOf(graph_, *x) != 3 || parts.rank != 5) return -1;
    if (part < 0) part += parts[2];
    const bool fits = Dims(*x)[2] == parts[2] * parts[3] * parts[4] && part >= 0 && part < parts[2];
    return fits ? part : -1;
  }

  // [B,H,T,D] (or [B,H,D,T] where transposed) as [B,T,H*D].
  ValueId Merge(ValueId v, bool transposed, const std::string& name) {
    ValueId x;
    if (transposed) {
      // Either its last two dimensions were swapped in a step of their own, or with the heads.
      v = AddTranspose(rewriter_, name, v, {0, 1, 3, 2});
      FoldTransposes(v);
    }
    const Shape shape = Dims(v);
    const int64_t part = PartOf(v, &x);
    if (part >= 0) return SlicePart(x, part, shape[1] * shape[3], name);
    const ValueId split = AddTranspose(rewriter_, name, v, kSwapHeads);
    FoldTransposes(split);
    // Nothing is left to transpose where the heads were split as expected.
    const Node* transpose = rewriter_.Producer<fb::TransposeT>(split);
    ValueId heads = split;
    if (transpose != nullptr && IsIdentity(PermutationOf(graph_, transpose)))
      heads = transpose->inputs[0];
    const Node* before = rewriter_.Producer<fb::ReshapeT>(heads);
    if (before != nullptr && IsMerged(before->inputs[0], shape)) return before->inputs[0];
    Shape merged;
    for (int64_t dim : {shape[0], shape[2], shape[1] * shape[3]}) merged.Push(dim);
    const ValueId y = rewriter_.NewValue(graph_.values[v].name + "/merged", DType::kF32, merged);
    fb::ReshapeT reshape;
    reshape.shape = {0, 0, merged[2]};
    rewriter_.Add(name, std::move(reshape), {heads}, {y});
    return y;
  }
  // v's producer, a Transpose, becomes one with those before it.
  void FoldTransposes(ValueId v) {
    Node* n = rewriter_.Producer<fb::TransposeT>(v);
    while (n != nullptr) {
      const Node* before = rewriter_.Producer<fb::TransposeT>(n->inputs[0]);
      if (before == nullptr) return;
      const Permutation both = Compose(PermutationOf(graph_, before), PermutationOf(graph_, n));
      n->op.AsTranspose()->perm.assign(both.begin(), both.end());
      rewriter_.SetInput(n, 0, before->inputs[0]);
    }
  }
  bool IsMerged(ValueId x, const Shape& heads) const {
    return RankOf(graph_, x) == 3 && Dims(x)[0] == heads[0] && Dims(x)[1] == heads[2] &&
           Dims(x)[2] == heads[1] * heads[3];
  }
  ValueId SlicePart(ValueId x, int64_t part, int64_t width, const std::string& name) {
    Shape shape = Dims(x);
    shape[2] = width;
    const ValueId y = rewriter_.NewValue(graph_.values[x].name + "/part" + std::to_string(part),
                                         DType::kF32, shape);
    fb::SliceT slice;
    slice.starts = {part * width};
    slice.ends = {(part + 1) * width};
    slice.axes = {2};
    slice.steps = {1};
    rewriter_.Add(name, std::move(slice), {x}, {y});
    return y;
  }

  void Fuse(const Match& m) {
    const std::string name = m.output->name;
    const Shape q = Dims(m.q), v = Dims(m.v);
    fb::AttentionT attention;
    attention.heads = static_cast<int32_t>(q[1]);
    attention.kv_heads = attention.heads;
    attention.scale = m.scale;
    std::vector<ValueId> inputs = {Merge(m.q, false, name), Merge(m.k, m.k_transposed, name),
                                   Merge(m.v, false, name)};
    if (m.mask != kAbsent) inputs.push_back(m.mask);
    const ValueId output = m.output->outputs[0];
    rewriter_.Erase(m.output);
    Shape merged;
    for (int64_t dim : {q[0], q[2], q[1] * v[3]}) merged.Push(dim);
    Shape heads;
    for (int64_t dim : {q[0], q[2], q[1], v[3]}) heads.Push(dim);
    const ValueId y =
        rewriter_.NewValue(graph_.values[output].name + "/merged", DType::kF32, merged);
    const ValueId split =
        rewriter_.NewValue(graph_.values[output].name + "/split", DType::kF32, heads);
    rewriter_.Add(name, attention, inputs, {y});
    // Simplifying cancels these two with the Transpose and Reshape that merge the heads.
    fb::ReshapeT reshape;
    reshape.shape = {0, 0, q[1], v[3]};
    rewriter_.Add(name, std::move(reshape), {y}, {split});
    fb::TransposeT transpose;
    transpose.perm.assign(kSwapHeads.begin(), kSwapHeads.end());
    rewriter_.Add(name, std::move(transpose), {split}, {output});
  }

  Rewriter& rewriter_;
  Graph& graph_;
};

}  // namespace

Status FuseAttention(Graph& graph, const Options&) {
  if (FindOp(static_cast<uint8_t>(fb::Op::Attention)) == nullptr) return Ok();
  Rewriter rewriter(graph);
  AttentionFuser(rewriter).Run();
  return Ok();
}

}  // namespace pare::converter
