// Shapes and types of every value, by planning the graph with the runtime at two different sizes of
// its symbols: a dimension that differs is dynamic (-1). What is known already while planning, and
// the same at both sizes, becomes a constant; a Reshape to computed sizes gets a fixed target where
// one says the same (0: copied, -1: inferred).
#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "converter/ir/sizes.h"
#include "converter/passes/passes.h"
#include "converter/passes/rewriter.h"

namespace pare::converter {
namespace {

void SetShape(Value& value, const Tensor& a, const Tensor& b) {
  value.dtype = a.dtype;
  value.has_shape = a.shape.rank == b.shape.rank;
  value.shape = a.shape;
  for (int i = 0; value.has_shape && i < a.shape.rank; ++i) {
    if (a.shape[i] != b.shape[i] || a.dynamic || b.dynamic) value.shape[i] = -1;
  }
}

bool SameKnown(const Tensor& a, const Tensor& b) {
  return a.known && b.known && !a.constant && a.data != nullptr && b.data != nullptr &&
         a.dtype == b.dtype && a.shape == b.shape && std::memcmp(a.data, b.data, a.Bytes()) == 0;
}

void MakeConstant(Graph& graph, Node* maker, ValueId v, const Tensor& t) {
  Weight weight;
  weight.name = graph.values[v].name;
  weight.dtype = t.dtype;
  weight.shape = t.shape;
  std::byte* data;
  weight.bytes = Bytes::Allocate(t.Bytes(), &data);
  std::memcpy(data, t.data, t.Bytes());
  graph.values[v].weight = static_cast<int32_t>(graph.weights.size());
  graph.weights.push_back(std::move(weight));
  *std::find(maker->outputs.begin(), maker->outputs.end(), v) = kAbsent;
}

// Known values become constants, which the nodes that made them no longer make; a weight has no
// scale, so what is quantized stays.
void KeepKnown(Graph& graph, const Engine& a, const Engine& b) {
  std::vector<char> is_output(graph.values.size(), 0);
  for (ValueId v : graph.outputs) is_output[v] = 1;
  for (const Graph::State& s : graph.states) is_output[s.next] = 1;
  for (Node& node : graph.nodes) {
    const std::vector<ValueId> outputs = node.outputs;
    const bool all = std::all_of(outputs.begin(), outputs.end(), [&](ValueId v) {
      return v == kAbsent ||
             (!is_output[v] && graph.values[v].scale == 0 && SameKnown(a.value(v), b.value(v)));
    });
    if (!all || node.op.type == fb::Op::Custom) continue;
    for (ValueId v : outputs) {
      if (v != kAbsent) MakeConstant(graph, &node, v, a.value(v));
    }
  }
  graph.nodes.erase(std::remove_if(graph.nodes.begin(), graph.nodes.end(),
                                   [](const Node& n) {
                                     return std::all_of(n.outputs.begin(), n.outputs.end(),
                                                        [](ValueId v) { return v == kAbsent; });
                                   }),
                    graph.nodes.end());
}

// The target of a Reshape from x to y as attribute, from both plans; empty where none says the
// same.
std::vector<int64_t> FixedTarget(const Tensor (&x)[2], const Tensor (&y)[2]) {
  std::vector<int64_t> target;
  int inferred = 0;
  for (int i = 0; i < y[0].shape.rank; ++i) {
    int64_t dim = y[0].shape[i];
    if (dim != y[1].shape[i]) {
      const bool copied =
          i < x[0].shape.rank && x[0].shape[i] == y[0].shape[i] && x[1].shape[i] == y[1].shape[i];
      dim = copied ? 0 : -1;
      inferred += copied ? 0 : 1;
    } else if (dim == 0) {
      return {};
    }
    target.push_back(dim);
  }
  if (inferred > 1) return {};
  return target;
}

void FixReshapes(Graph& graph, const Engine& a, const Engine& b) {
  for (Node& node : graph.nodes) {
    fb::ReshapeT* reshape = node.op.AsReshape();
    if (reshape == nullptr || node.inputs.size() < 2 || node.inputs[1] == kAbsent) continue;
    const Tensor x[2] = {a.value(node.inputs[0]), b.value(node.inputs[0])};
    const Tensor y[2] = {a.value(node.outputs[0]), b.value(node.outputs[0])};
    if (y[0].dynamic || y[1].dynamic || x[0].dynamic || x[1].dynamic) continue;
    if (y[0].shape.rank != y[1].shape.rank || y[0].shape.rank == 0) continue;
    std::vector<int64_t> target = FixedTarget(x, y);
    if (target.empty()) continue;
    reshape->shape = std::move(target);
    reshape->allow_zero = false;
    node.inputs.resize(1);
  }
}

// Exporters swap the last two of four dimensions as three: Reshape [b h, s, d], Transpose, Reshape
// [b, h, d, s] with computed sizes. At both sizes of the symbols that is what the shapes say.
void MergeSwaps(Graph& graph, const Engine& a, const Engine& b) {
  std::map<ValueId, Node*> maker;
  for (Node& node : graph.nodes) {
    for (const ValueId v : node.outputs) maker[v] = &node;
  }
  const auto reshape_of = [&](ValueId v) -> const Node* {
    const auto found = maker.find(v);
    return found != maker.end() && found->second->op.type == fb::Op::Reshape ? found->second
                                                                             : nullptr;
  };
  for (Node& last : graph.nodes) {
    const auto middle = maker.find(last.op.type == fb::Op::Reshape ? last.inputs[0] : kAbsent);
    if (middle == maker.end() || middle->second->op.type != fb::Op::Transpose) continue;
    const Node& swap = *middle->second;
    const Node* first = reshape_of(swap.inputs[0]);
    if (first == nullptr || swap.op.AsTranspose()->perm != std::vector<int64_t>{0, 2, 1}) continue;
    bool swaps = true;
    for (const Engine* engine : {&a, &b}) {
      const Shape &x = engine->value(first->inputs[0]).shape,
                  &three = engine->value(first->outputs[0]).shape,
                  &y = engine->value(last.outputs[0]).shape;
      swaps = swaps && x.rank == 4 && three.rank == 3 && y.rank == 4 && three[1] == x[2] &&
              three[2] == x[3] && y[0] == x[0] && y[1] == x[1] && y[2] == x[3] && y[3] == x[2];
    }
    if (!swaps) continue;
    fb::TransposeT transpose;
    transpose.perm = {0, 1, 3, 2};
    last.op.Set(std::move(transpose));
    last.inputs = {first->inputs[0]};
  }
}

}  // namespace

Status InferShapes(Graph& graph, const Options& options) {
  std::vector<Engine> engines;
  const Status status = PlanAtTwoSizes(graph, &engines);
  if (!status.ok()) {
    // With every size fixed the model could never run. Otherwise the sizes tried may be at fault.
    if (!HasUnknownSizes(graph) && status.code != Code::kUnknownSize) return status;
    if (options.warn)
      options.warn("shapes are not inferred, and less is optimised: " + status.message +
                   "; --shape or --dim fixes sizes");
    return Ok();
  }
  const Engine& a = engines.front();
  const Engine& b = engines.back();
  for (size_t v = 0; v < graph.values.size(); ++v) {
    Value& value = graph.values[v];
    if (value.weight >= 0) continue;
    SetShape(value, a.value(static_cast<ValueId>(v)), b.value(static_cast<ValueId>(v)));
  }
  MergeSwaps(graph, a, b);
  FixReshapes(graph, a, b);
  KeepKnown(graph, a, b);
  return Ok();
}

}  // namespace pare::converter
