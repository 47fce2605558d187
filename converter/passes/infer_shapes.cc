// Shapes and types of every value, by planning the graph with the runtime at two different sizes of
// its symbols: a dimension that differs is dynamic (-1). What is known already while planning, and
// the same at both sizes, becomes a constant; a Reshape to computed sizes gets a fixed target where
// one says the same (0: copied, -1: inferred).
#include <algorithm>
#include <cstring>
#include <utility>

#include "converter/ir/engine.h"
#include "converter/passes/passes.h"
#include "converter/passes/rewriter.h"

namespace pare::converter {
namespace {

// A size for each symbol, and one for each dimension of an input that has no symbol.
using Sizes = std::vector<int64_t>;

// Dimensions that have to be chosen: the graph's symbols, then dimensions that nothing names.
struct Unknowns {
  struct Dim {
    ValueId input;
    int axis;
  };
  size_t symbols;
  std::vector<Dim> unnamed;
  std::vector<char> is_batch;  // some input's dimension 0: small sizes will do

  size_t size() const { return symbols + unnamed.size(); }
};

bool IsUnknown(const fb::DimT& dim) { return dim.value < 0 && dim.symbol < 0; }

Unknowns FindUnknowns(const Graph& graph) {
  Unknowns unknowns;
  unknowns.symbols = graph.symbols.size();
  unknowns.is_batch.assign(unknowns.symbols, 0);
  for (const ValueId v : graph.inputs) {
    const auto& dims = graph.values[v].dims;
    for (size_t i = 0; i < dims.size(); ++i) {
      if (IsUnknown(dims[i])) {
        unknowns.unnamed.push_back({v, static_cast<int>(i)});
        unknowns.is_batch.push_back(i == 0 ? 1 : 0);
      } else if (dims[i].value < 0 && i == 0) {
        unknowns.is_batch[dims[i].symbol] = 1;
      }
    }
  }
  return unknowns;
}

// The size nearest to `size` that the symbol's bounds allow.
int64_t Within(const fb::SymbolT& symbol, int64_t size) {
  const int64_t step = std::max<int64_t>(symbol.step, 1);
  size = (std::max(size, symbol.min) + step - 1) / step * step;
  return symbol.max > 0 ? std::min(size, std::max(symbol.min, symbol.max / step * step)) : size;
}

class Prober {
 public:
  explicit Prober(const Graph& graph) : graph_(graph), unknowns_(FindUnknowns(graph)) {}

  // Finds two assignments of sizes at which the graph can be planned, the second with every size
  // changed that may change. One where nothing is unknown.
  Status Run(std::vector<Engine>* engines) {
    if (unknowns_.size() == 0) {
      engines->push_back(PARE_TRY(Plan({})));
      return Ok();
    }
    // Most models take these; the second has other multiples of 32 and an odd batch.
    for (const int64_t spread : {64, 0}) {
      if (PlanBoth(Fill(2, 96, spread), Fill(3, 160, spread * 3 / 2), engines)) return Ok();
    }
    // These do not depend on which sizes are tried.
    if (first_error_.code == Code::kUnsupported || first_error_.code == Code::kUnknownSize)
      return first_error_;
    Sizes first;
    if (!FindFirst(&first)) return first_error_;
    Sizes second = first;
    for (size_t i = 0; i < first.size(); ++i) second[i] = OtherSize(first, i);
    if (PlanBoth(first, second, engines)) return Ok();
    return first_error_;
  }

 private:
  Result<Engine> Plan(const Sizes& sizes) {
    EngineOptions options;
    options.plan_only = true;
    for (size_t i = 0; i < unknowns_.symbols; ++i) options.dims[graph_.symbols[i].name] = sizes[i];
    for (size_t i = 0; i < unknowns_.unnamed.size(); ++i) {
      const Unknowns::Dim& dim = unknowns_.unnamed[i];
      Shape& shape = ShapeOf(dim.input, sizes, &options);
      shape[dim.axis] = sizes[unknowns_.symbols + i];
    }
    auto engine = Engine::Create(graph_, options);
    if (!engine.ok() && first_error_.ok()) first_error_ = engine.status();
    return engine;
  }
  Shape& ShapeOf(ValueId v, const Sizes& sizes, EngineOptions* options) const {
    const Value& value = graph_.values[v];
    Shape shape;
    for (const fb::DimT& dim : value.dims) {
      const bool named = dim.value < 0 && dim.symbol >= 0;
      shape.Push(named ? (sizes[dim.symbol] * dim.mul + dim.add) / dim.div : dim.value);
    }
    return options->shapes.emplace(value.name, shape).first->second;
  }
  bool PlanBoth(const Sizes& a, const Sizes& b, std::vector<Engine>* engines) {
    auto first = Plan(a);
    if (!first.ok()) return false;
    auto second = Plan(b);
    if (!second.ok()) return false;
    engines->push_back(std::move(first).value());
    engines->push_back(std::move(second).value());
    return true;
  }

  int64_t Bounded(size_t i, int64_t size) const {
    return i < unknowns_.symbols ? Within(graph_.symbols[i], size) : size;
  }
  Sizes Fill(int64_t batch, int64_t others, int64_t spread) const {
    Sizes sizes;
    for (size_t i = 0; i < unknowns_.size(); ++i) {
      sizes.push_back(Bounded(i, unknowns_.is_batch[i] ? batch : others));
      if (!unknowns_.is_batch[i]) others += spread;
    }
    return sizes;
  }
  // Models have conditions that nobody wrote down: multiples, a minimum, one height only.
  bool FindFirst(Sizes* sizes) {
    for (const int64_t batch : {2, 1}) {
      for (const int64_t size : kUsualSizes) {
        *sizes = Fill(batch, size, 0);
        if (Plan(*sizes).ok()) return true;
      }
    }
    for (const int64_t one : kUsualSizes) {
      for (const int64_t rest : kUsualSizes) {
        *sizes = Fill(1, rest, 0);
        const auto other = std::find(unknowns_.is_batch.begin(), unknowns_.is_batch.end(), 0);
        if (other == unknowns_.is_batch.end()) return false;
        const auto i = static_cast<size_t>(other - unknowns_.is_batch.begin());
        (*sizes)[i] = Bounded(i, one);
        if (Plan(*sizes).ok()) return true;
      }
    }
    return false;
  }
  // Another size of dimension i with which the graph can be planned, or the same where none is.
  int64_t OtherSize(const Sizes& sizes, size_t i) {
    Sizes changed = sizes;
    for (const int64_t size : kUsualSizes) {
      changed[i] = Bounded(i, size);
      if (changed[i] != sizes[i] && Plan(changed).ok()) return changed[i];
    }
    return sizes[i];
  }

  static constexpr int64_t kUsualSizes[] = {96, 160, 48, 64,  32,  320, 576, 640, 1024,
                                            16, 24,  8,  224, 256, 512, 3,   2,   1};
  const Graph& graph_;
  const Unknowns unknowns_;
  Status first_error_;
};

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
  const Status status = Prober(graph).Run(&engines);
  if (!status.ok()) {
    // With every size fixed the model could never run. Otherwise the sizes tried may be at fault.
    const bool dynamic = FindUnknowns(graph).size() > 0;
    if (!dynamic && status.code != Code::kUnknownSize) return status;
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
