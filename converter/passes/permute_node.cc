#include "converter/passes/permute_node.h"

#include <algorithm>
#include <cstring>

#include "converter/passes/match.h"
#include "converter/passes/transposes.h"

namespace pare::converter {
namespace {

bool Broadcasts(const Node& n) { return n.op.type == fb::Op::Binary || n.op.type == fb::Op::Where; }

// Where the attribute `axis` is that tells the operator's dimension, or null.
int64_t* AxisOf(Node& n) {
  switch (n.op.type) {
    case fb::Op::Softmax: return &n.op.AsSoftmax()->axis;
    case fb::Op::Hardmax: return &n.op.AsHardmax()->axis;
    case fb::Op::LpNorm: return &n.op.AsLpNorm()->axis;
    case fb::Op::ArgReduce: return &n.op.AsArgReduce()->axis;
    case fb::Op::CumSum: return &n.op.AsCumSum()->axis;
    case fb::Op::Concat: return &n.op.AsConcat()->axis;
    case fb::Op::Split: return &n.op.AsSplit()->axis;
    case fb::Op::Gather: return &n.op.AsGather()->axis;
    case fb::Op::TopK: return &n.op.AsTopK()->axis;
    default: return nullptr;
  }
}

bool AttributesTell(const Graph& graph, const Node& n, int rank) {
  const auto full = static_cast<size_t>(rank);
  const bool alone = n.inputs.size() == 1;
  switch (n.op.type) {
    case fb::Op::Unary:
    case fb::Op::Cast:
    case fb::Op::Identity:
    case fb::Op::Quantize:
    case fb::Op::Dequantize:
    case fb::Op::Binary:
    case fb::Op::Where:
    case fb::Op::Softmax:
    case fb::Op::Hardmax:
    case fb::Op::LpNorm:
    case fb::Op::Concat: return true;
    case fb::Op::Split:
    case fb::Op::CumSum:
    case fb::Op::TopK: return alone;
    case fb::Op::ArgReduce: return n.op.AsArgReduce()->keep_dims;
    case fb::Op::Gather: return RankOf(graph, n.inputs[1]) == 1;
    case fb::Op::Reduce:
      return alone && n.op.AsReduce()->keep_dims && !n.op.AsReduce()->axes.empty();
    case fb::Op::Slice: return alone;
    case fb::Op::Pad: return alone && n.op.AsPad()->pads.size() == 2 * full;
    case fb::Op::Expand: return alone && n.op.AsExpand()->shape.size() <= full;
    case fb::Op::Tile: return alone && n.op.AsTile()->repeats.size() == full;
    case fb::Op::Resize: {
      const fb::ResizeT* resize = n.op.AsResize();
      if (InputOf(&n, 1) != kAbsent || InputOf(&n, 2) != kAbsent) return false;
      if (!resize->axes.empty()) return InputOf(&n, 3) == kAbsent;
      return (resize->scales.empty() || resize->scales.size() == full) &&
             (resize->sizes.empty() || resize->sizes.size() == full);
    }
    default: return false;
  }
}

// An input that does not carry the data: indices of Gather, sizes of Resize.
bool IsArgument(const Node& n, size_t i) {
  return i > 0 && !Broadcasts(n) && n.op.type != fb::Op::Concat;
}

template <class T>
void PermuteList(const Permutation& p, std::vector<T>* list) {
  const std::vector<T> old = *list;
  for (size_t i = 0; i < p.size(); ++i) (*list)[i] = old[p[i]];
}

void RemapAxes(const Permutation& inverse, std::vector<int64_t>* axes) {
  for (int64_t& axis : *axes) {
    NormalizeAxis(static_cast<int64_t>(inverse.size()), &axis);
    axis = inverse[axis];
  }
}

void PermuteResize(Rewriter& rewriter, Node* n, const Permutation& p) {
  fb::ResizeT* resize = n->op.AsResize();
  if (!resize->axes.empty()) return RemapAxes(Inverse(p), &resize->axes);
  if (!resize->scales.empty()) PermuteList(p, &resize->scales);
  if (!resize->sizes.empty()) PermuteList(p, &resize->sizes);
  const ValueId sizes = InputOf(n, 3);
  if (sizes == kAbsent) return;
  Shape shape;
  shape.Push(static_cast<int64_t>(p.size()));
  int64_t* order;
  Weight weight = Weight::Make(n->name + "/order", shape, &order);
  std::copy(p.begin(), p.end(), order);
  const ValueId indices = rewriter.NewWeight(std::move(weight));
  const ValueId ordered =
      rewriter.NewValue(n->name + "/sizes", rewriter.graph().values[sizes].dtype, shape);
  rewriter.Add(n->name, fb::GatherT(), {sizes, indices}, {ordered});
  rewriter.SetInput(n, 3, ordered);
}

void PermuteAttributes(Rewriter& rewriter, Node* n, const Permutation& p) {
  const Permutation inverse = Inverse(p);
  const auto rank = static_cast<int64_t>(p.size());
  if (int64_t* axis = AxisOf(*n)) {
    NormalizeAxis(rank, axis);
    *axis = inverse[*axis];
    return;
  }
  switch (n->op.type) {
    case fb::Op::Reduce: return RemapAxes(inverse, &n->op.AsReduce()->axes);
    case fb::Op::Slice: {
      fb::SliceT* slice = n->op.AsSlice();
      for (size_t i = slice->axes.size(); i < slice->starts.size(); ++i)
        slice->axes.push_back(static_cast<int64_t>(i));
      return RemapAxes(inverse, &slice->axes);
    }
    case fb::Op::Pad: {
      const std::vector<int64_t> old = n->op.AsPad()->pads;
      for (size_t i = 0; i < p.size(); ++i) {
        n->op.AsPad()->pads[i] = old[p[i]];
        n->op.AsPad()->pads[p.size() + i] = old[p.size() + p[i]];
      }
      return;
    }
    case fb::Op::Expand: {
      auto& shape = n->op.AsExpand()->shape;
      shape.insert(shape.begin(), p.size() - shape.size(), 1);
      return PermuteList(p, &shape);
    }
    case fb::Op::Tile: return PermuteList(p, &n->op.AsTile()->repeats);
    case fb::Op::Resize: return PermuteResize(rewriter, n, p);
    default: return;
  }
}

ValueId Widen(Rewriter& rewriter, const std::string& name, ValueId v, const Permutation& p) {
  const Value value = rewriter.graph().values[v];
  fb::UnsqueezeT unsqueeze;
  Shape shape;
  const int missing = static_cast<int>(p.size()) - value.shape.rank;
  for (int i = 0; i < missing; ++i) {
    unsqueeze.axes.push_back(i);
    shape.Push(1);
  }
  for (int i = 0; i < value.shape.rank; ++i) shape.Push(value.shape[i]);
  const ValueId wide = rewriter.NewValue(value.name + "/wide", value.dtype, shape);
  rewriter.Add(name, std::move(unsqueeze), {v}, {wide});
  return AddTranspose(rewriter, name, wide, p);
}

}  // namespace

bool CanPermute(const Graph& graph, const Node& n) {
  if (n.inputs.empty() || n.outputs.empty()) return false;
  int rank = -1;
  for (ValueId v : n.outputs) {
    if (v == kAbsent || RankOf(graph, v) < 2 || (rank >= 0 && RankOf(graph, v) != rank))
      return false;
    rank = RankOf(graph, v);
  }
  for (size_t i = 0; i < n.inputs.size(); ++i) {
    const ValueId v = n.inputs[i];
    if (v == kAbsent || IsArgument(n, i)) continue;
    const int own = RankOf(graph, v);
    const bool fits = own == rank || (own >= 0 && own < rank && Broadcasts(n));
    if (!fits || (graph.IsConstant(v) && graph.ConstantOf(v)->layout != Layout::kPlain))
      return false;
  }
  return AttributesTell(graph, n, rank);
}

std::vector<ValueId> PermutedValues(const Graph& graph, const Node& n) {
  std::vector<ValueId> values = n.outputs;
  const int rank = RankOf(graph, n.outputs[0]);
  for (size_t i = 0; i < n.inputs.size(); ++i) {
    const ValueId v = n.inputs[i];
    if (v != kAbsent && !IsArgument(n, i) && RankOf(graph, v) == rank && !graph.IsConstant(v))
      values.push_back(v);
  }
  return values;
}

std::vector<ValueId> WidenedInputs(const Graph& graph, const Node& n) {
  std::vector<ValueId> values;
  if (!Broadcasts(n)) return values;
  for (ValueId v : n.inputs) {
    const Shape& shape = graph.values[v].shape;
    const bool one = IsStatic(shape) && shape.Elements() == 1;
    if (shape.rank < RankOf(graph, n.outputs[0]) && !one && !graph.IsConstant(v))
      values.push_back(v);
  }
  return values;
}

void PermuteNode(Rewriter& rewriter, Node* n, const Permutation& p,
                 const std::map<ValueId, ValueId>& permuted) {
  Graph& graph = rewriter.graph();
  const std::vector<ValueId> widened = WidenedInputs(graph, *n);
  for (size_t i = 0; i < n->inputs.size(); ++i) {
    const ValueId v = n->inputs[i];
    if (v == kAbsent || IsArgument(*n, i)) continue;
    if (const Weight* weight = graph.ConstantOf(v)) {
      const bool same = Broadcasts(*n) && weight->shape.Elements() == 1;
      if (!same) rewriter.SetInput(n, i, rewriter.NewWeight(PermuteWeight(*weight, p)));
    } else if (permuted.count(v) != 0) {
      rewriter.SetInput(n, i, permuted.at(v));
    } else if (std::find(widened.begin(), widened.end(), v) != widened.end()) {
      rewriter.SetInput(n, i, Widen(rewriter, n->name, v, p));
    }
  }
  PermuteAttributes(rewriter, n, p);
}

Weight PermuteWeight(const Weight& weight, const Permutation& p) {
  const int rank = static_cast<int>(p.size());
  Shape from;
  for (int i = weight.shape.rank; i < rank; ++i) from.Push(1);
  for (int i = 0; i < weight.shape.rank; ++i) from.Push(weight.shape[i]);
  const size_t size = SizeOf(weight.dtype);
  Weight result = weight;
  result.shape = Permute(from, p);
  std::byte* data;
  result.bytes = Bytes::Allocate(weight.bytes.size, &data);
  int64_t strides[kMaxRank];  // of `from`, for each dimension of the result
  for (int i = 0; i < rank; ++i) strides[i] = from.Elements(p[i] + 1, rank);
  int64_t index[kMaxRank] = {};
  int64_t source = 0;
  const int64_t count = result.shape.Elements();
  for (int64_t k = 0; k < count; ++k) {
    std::memcpy(data + static_cast<size_t>(k) * size,
                weight.bytes.data + static_cast<size_t>(source) * size, size);
    for (int i = rank - 1; i >= 0; --i) {
      source += strides[i];
      if (++index[i] < result.shape[i]) break;
      source -= strides[i] * result.shape[i];
      index[i] = 0;
    }
  }
  return result;
}

}  // namespace pare::converter
