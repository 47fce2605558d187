// Helpers to recognise what a node is. Questions only: nothing here changes a graph.
#pragma once

#include <optional>
#include <vector>

#include "converter/passes/rewriter.h"

namespace pare::converter {

inline bool IsBinary(const Node* n, fb::BinaryKind kind) {
  return n != nullptr && n->op.type == fb::Op::Binary && n->op.AsBinary()->kind == kind;
}

// A Binary without an activation of its own.
inline bool IsPlainBinary(const Node* n, fb::BinaryKind kind) {
  const auto* a = IsBinary(n, kind) ? n->op.AsBinary()->activation.get() : nullptr;
  return IsBinary(n, kind) && (a == nullptr || a->kind == fb::UnaryKind::None);
}

inline fb::UnaryKind KindOf(const fb::ActivationT* a) {
  return a == nullptr ? fb::UnaryKind::None : a->kind;
}
inline bool IsUnary(const Node* n, fb::UnaryKind kind) {
  return n != nullptr && n->op.type == fb::Op::Unary &&
         KindOf(n->op.AsUnary()->activation.get()) == kind;
}

// The node's fused activation (Unary: what it computes), or null where the operator has none.
std::unique_ptr<fb::ActivationT>* ActivationOf(Node* n);

inline ValueId InputOf(const Node* n, size_t i) {
  return i < n->inputs.size() ? n->inputs[i] : kAbsent;
}

// The constant f32 v as it came, not encoded for kernels, or null.
const Weight* PlainF32(const Graph& graph, ValueId v);

// Whether the node has a first output (recurrent layers may leave it out), and that is f32.
inline bool MakesF32(const Graph& graph, const Node* n) {
  return n->outputs[0] != kAbsent && graph.values[n->outputs[0]].dtype == DType::kF32;
}

// A convolution with a filter, and a group, for each channel.
bool IsDepthwise(const Graph& graph, const Node* n);

// The only element of a constant f32, or nothing.
std::optional<float> ScalarOf(const Graph& graph, ValueId v);
// The elements of a constant of any integer type, or nothing.
std::optional<std::vector<int64_t>> IntegersOf(const Graph& graph, ValueId v);
// Whether each element of a constant f32 equals `x`.
bool AllEqual(const Graph& graph, ValueId v, float x);

// Shapes are equal as far as they are known: the same rank, and the same or unknown dimensions.
bool SameShape(const Graph& graph, ValueId a, ValueId b);
bool IsStatic(const Shape& shape);
bool HasStaticShape(const Graph& graph, ValueId v);
// Rank of v, or -1 where it is not known.
int RankOf(const Graph& graph, ValueId v);

// A binary operator of a tensor and something else, in either order where it commutes. Sets *x and
// *other; `other_is` decides what may be the other.
template <class Predicate>
bool MatchOperands(const Node* n, bool commutes, const Predicate& other_is, ValueId* x,
                   ValueId* other) {
  for (int swap = 0; swap < (commutes ? 2 : 1); ++swap) {
    *x = n->inputs[swap];
    *other = n->inputs[1 - swap];
    if (other_is(*other)) return true;
  }
  return false;
}

// Axes made positive and sorted; empty where one is out of range.
std::vector<int64_t> NormalizedAxes(const std::vector<int64_t>& axes, int rank);

}  // namespace pare::converter
