// Networks that were trained with channels first flatten a picture in that order before their first
// fully connected layer, which costs a Transpose here. The layer's weight takes the order of
// channels last instead.
#include <algorithm>
#include <numeric>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/transposes.h"

namespace pare::converter {
namespace {

// The position in the flattened, transposed picture of each element of the picture itself. `x`: its
// dimensions, of which the first is the batch and stays.
std::vector<int64_t> PositionsOf(const Shape& x, const Permutation& p) {
  Shape strides = x;  // within the transposed picture, of x's axes
  int64_t stride = 1;
  for (int i = x.rank - 1; i > 0; --i) {
    strides[p[static_cast<size_t>(i)]] = stride;
    stride *= x[p[static_cast<size_t>(i)]];
  }
  std::vector<int64_t> positions(static_cast<size_t>(x.Elements(1, x.rank)));
  for (size_t at = 0; at < positions.size(); ++at) {
    auto rest = static_cast<int64_t>(at);
    for (int i = x.rank - 1; i > 0; --i) {
      positions[at] += rest % x[i] * strides[i];
      rest /= x[i];
    }
  }
  return positions;
}

// A weight whose row k (column, where `by_column`) is the old one's positions[k].
Weight Reordered(const Weight& old, const std::vector<int64_t>& positions, bool by_column) {
  float* to;
  Weight weight = Weight::Make(old.name, old.shape, &to);
  const auto* from = old.Data<float>();
  const int64_t rows = old.shape[0], columns = old.shape[1];
  for (int64_t r = 0; r < rows; ++r) {
    if (!by_column) {
      const float* row = from + positions[static_cast<size_t>(r)] * columns;
      std::copy(row, row + columns, to + r * columns);
      continue;
    }
    for (int64_t c = 0; c < columns; ++c)
      to[r * columns + c] = from[r * columns + positions[static_cast<size_t>(c)]];
  }
  return weight;
}

// MatMul(Reshape(Transpose(x)), w) with a Reshape that flattens all but the batch.
void Fold(Rewriter& rewriter, Node* n) {
  const Graph& graph = rewriter.graph();
  const fb::MatMulT* product = n->op.AsMatMul();
  const Weight* w = PlainF32(graph, InputOf(n, 1));
  if (product == nullptr || product->trans_a || w == nullptr || w->shape.rank != 2) return;
  Node* flatten = rewriter.Producer<fb::ReshapeT>(n->inputs[0]);
  if (flatten == nullptr || InputOf(flatten, 1) != kAbsent || !rewriter.OnlyUse(n->inputs[0]))
    return;
  Node* transpose = rewriter.Producer<fb::TransposeT>(flatten->inputs[0]);
  if (transpose == nullptr || !rewriter.OnlyUse(flatten->inputs[0])) return;
  const Value &x = graph.values[transpose->inputs[0]], &flat = graph.values[flatten->outputs[0]];
  const Permutation p = PermutationOf(graph, transpose);
  const int64_t length = w->shape[product->trans_b ? 1 : 0];
  if (!x.has_shape || x.shape.rank < 3 || static_cast<int>(p.size()) != x.shape.rank || p[0] != 0 ||
      !flat.has_shape || flat.shape.rank != 2 || flat.shape[1] != length)
    return;
  for (int i = 1; i < x.shape.rank; ++i) {
    if (x.shape[i] <= 0) return;
  }
  if (x.shape.Elements(1, x.shape.rank) != length) return;
  Weight weight = Reordered(*w, PositionsOf(x.shape, p), product->trans_b);
  flatten->op.AsReshape()->shape = {-1, length};
  rewriter.SetInput(flatten, 0, transpose->inputs[0]);
  rewriter.SetInput(n, 1, rewriter.NewWeight(std::move(weight)));
  rewriter.EraseIfUnused(transpose);
}

}  // namespace

Status FoldFlatten(Graph& graph, const Options&) {
  {
    Rewriter rewriter(graph);
    for (Node* n : rewriter.Nodes()) Fold(rewriter, n);
  }
  CompactValues(graph);
  return Ok();
}

}  // namespace pare::converter
