#include "converter/passes/match.h"

#include <algorithm>

namespace pare::converter {

std::unique_ptr<fb::ActivationT>* ActivationOf(Node* n) {
  switch (n->op.type) {
    case fb::Op::MatMul: return &n->op.AsMatMul()->activation;
    case fb::Op::Conv: return &n->op.AsConv()->activation;
    case fb::Op::ConvTranspose: return &n->op.AsConvTranspose()->activation;
    case fb::Op::Binary: return &n->op.AsBinary()->activation;
    case fb::Op::Unary: return &n->op.AsUnary()->activation;
    default: return nullptr;
  }
}

const Weight* PlainF32(const Graph& graph, ValueId v) {
  const Weight* w = graph.ConstantOf(v);
  return w != nullptr && w->dtype == DType::kF32 && w->layout == Layout::kPlain ? w : nullptr;
}

bool IsDepthwise(const Graph& graph, const Node* n) {
  const fb::ConvT* conv = n->op.AsConv();
  if (conv == nullptr || conv->group <= 1) return false;
  const Shape& shape = graph.values[n->inputs[1]].shape;
  return shape[0] == conv->group && shape[shape.rank - 1] == 1;
}

std::optional<float> ScalarOf(const Graph& graph, ValueId v) {
  const Weight* w = graph.ConstantOf(v);
  if (w == nullptr || w->dtype != DType::kF32 || w->shape.Elements() != 1) return std::nullopt;
  return w->Data<float>()[0];
}

std::optional<std::vector<int64_t>> IntegersOf(const Graph& graph, ValueId v) {
  const Weight* w = graph.ConstantOf(v);
  if (w == nullptr || !IsInteger(w->dtype)) return std::nullopt;
  Tensor t;
  t.data = const_cast<std::byte*>(w->bytes.data);
  t.shape = w->shape;
  t.dtype = w->dtype;
  std::vector<int64_t> values(static_cast<size_t>(w->shape.Elements()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = IntegerAt(t, static_cast<int64_t>(i));
  return values;
}

bool AllEqual(const Graph& graph, ValueId v, float x) {
  const Weight* w = graph.ConstantOf(v);
  if (w == nullptr || w->dtype != DType::kF32) return false;
  const float* data = w->Data<float>();
  return std::all_of(data, data + w->shape.Elements(), [x](float y) { return y == x; });
}

bool SameShape(const Graph& graph, ValueId a, ValueId b) {
  const Value& x = graph.values[a];
  const Value& y = graph.values[b];
  return x.has_shape && y.has_shape && x.shape == y.shape;
}

bool IsStatic(const Shape& shape) {
  return std::all_of(shape.dims, shape.dims + shape.rank, [](int64_t d) { return d >= 0; });
}

bool HasStaticShape(const Graph& graph, ValueId v) {
  return graph.values[v].has_shape && IsStatic(graph.values[v].shape);
}

int RankOf(const Graph& graph, ValueId v) {
  return graph.values[v].has_shape ? graph.values[v].shape.rank : -1;
}

std::vector<int64_t> NormalizedAxes(const std::vector<int64_t>& axes, int rank) {
  std::vector<int64_t> result = axes;
  for (int64_t& axis : result) {
    if (!NormalizeAxis(rank, &axis)) return {};
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace pare::converter
