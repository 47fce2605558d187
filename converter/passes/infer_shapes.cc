// Shapes and types of every value, by planning the graph with the runtime at two different sizes of
// its symbols: a dimension that differs is dynamic (-1). What is known already while planning, and
// the same at both sizes, becomes a constant; a Reshape to computed sizes gets a fixed target where
// one says the same (0: copied, -1: inferred).
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "converter/ir/engine.h"
#include "converter/passes/passes.h"
#include "converter/passes/rewriter.h"

namespace pare::converter {
namespace {

// Sizes to plan at. Models have conditions that nobody wrote down (multiples of 32, a minimum,
// equal lengths of two inputs): the attempts differ in what they presume.
struct Attempt {
  std::array<int64_t, 2> first_axis;  // of symbols that are some input's dimension 0: a batch
  std::array<int64_t, 2> others;
  std::array<int64_t, 2> spread;  // added for each further symbol
};
constexpr Attempt kAttempts[] = {
    {{2, 3}, {96, 160}, {64, 96}}, {{2, 3}, {96, 160}, {0, 0}}, {{1, 2}, {320, 480}, {0, 0}},
    {{1, 2}, {16, 24}, {0, 0}},    {{2, 3}, {2, 3}, {0, 0}},    {{96, 160}, {96, 160}, {0, 0}},
};

int64_t Within(const fb::SymbolT& symbol, int64_t size, int which) {
  const int64_t step = std::max<int64_t>(symbol.step, 1);
  size = (std::max(size, symbol.min) + step - 1) / step * step;
  if (symbol.max <= 0 || size <= symbol.max) return size;
  // Both sizes beyond the maximum: take the maximum and one step less.
  const int64_t most = symbol.max / step * step;
  return which == 0 ? most : std::max(symbol.min, most - step);
}

bool IsFirstAxis(const Graph& graph, int32_t symbol) {
  return std::any_of(graph.inputs.begin(), graph.inputs.end(), [&](ValueId v) {
    const auto& dims = graph.values[v].dims;
    return !dims.empty() && dims[0].value < 0 && dims[0].symbol == symbol;
  });
}

bool IsUnknown(const fb::DimT& dim) { return dim.value < 0 && dim.symbol < 0; }

EngineOptions OptionsOf(const Graph& graph, const Attempt& attempt, int which) {
  EngineOptions options;
  options.plan_only = true;
  int64_t others = attempt.others[which];
  for (size_t i = 0; i < graph.symbols.size(); ++i) {
    const bool first = IsFirstAxis(graph, static_cast<int32_t>(i));
    options.dims[graph.symbols[i].name] =
        Within(graph.symbols[i], first ? attempt.first_axis[which] : others, which);
    if (!first) others += attempt.spread[which];
  }
  for (const ValueId v : graph.inputs) {
    const Value& value = graph.values[v];
    if (std::none_of(value.dims.begin(), value.dims.end(), IsUnknown)) continue;
    Shape shape;
    for (const fb::DimT& dim : value.dims) {
      int64_t size = dim.value;
      if (IsUnknown(dim))
        size = shape.rank == 0 ? attempt.first_axis[which] : attempt.others[which];
      else if (size < 0)
        size = (options.dims[graph.symbols[dim.symbol].name] * dim.mul + dim.add) / dim.div;
      if (!shape.Push(size)) break;
    }
    options.shapes[value.name] = shape;
  }
  return options;
}

bool IsDynamic(const Graph& graph) {
  for (const ValueId v : graph.inputs) {
    for (const fb::DimT& dim : graph.values[v].dims) {
      if (dim.value < 0) return true;
    }
  }
  return false;
}

// Plans at two sizes; the second is left out where nothing is dynamic.
Status PlanTwice(const Graph& graph, std::vector<Engine>* engines) {
  const bool dynamic = IsDynamic(graph);
  Status first_error;
  for (const Attempt& attempt : kAttempts) {
    engines->clear();
    for (int which = 0; which < (dynamic ? 2 : 1); ++which) {
      auto engine = Engine::Create(graph, OptionsOf(graph, attempt, which));
      if (engine.ok()) {
        engines->push_back(std::move(engine).value());
      } else if (first_error.ok()) {
        first_error = engine.status();
      }
    }
    if (engines->size() == (dynamic ? 2u : 1u)) return Ok();
    if (!dynamic) break;
  }
  engines->clear();
  return first_error;
}

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

// Known values become constants, which the nodes that made them no longer make.
void KeepKnown(Graph& graph, const Engine& a, const Engine& b) {
  std::vector<char> is_output(graph.values.size(), 0);
  for (ValueId v : graph.outputs) is_output[v] = 1;
  for (const Graph::State& s : graph.states) is_output[s.next] = 1;
  for (Node& node : graph.nodes) {
    const std::vector<ValueId> outputs = node.outputs;
    const bool all = std::all_of(outputs.begin(), outputs.end(), [&](ValueId v) {
      return v == kAbsent || (!is_output[v] && SameKnown(a.value(v), b.value(v)));
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

}  // namespace

Status InferShapes(Graph& graph, const Options& options) {
  std::vector<Engine> engines;
  const Status status = PlanTwice(graph, &engines);
  if (!status.ok()) {
    // With every size fixed the model could never run. Otherwise the sizes tried may be at fault.
    if (!IsDynamic(graph) && status.code != Code::kUnknownSize) return status;
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
  FixReshapes(graph, a, b);
  KeepKnown(graph, a, b);
  return Ok();
}

}  // namespace pare::converter
