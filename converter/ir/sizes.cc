#include "converter/ir/sizes.h"

#include <algorithm>
#include <utility>

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
  Status PlanTwo(std::vector<Engine>* engines) {
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

  // Shapes of all inputs: with these sizes where the graph can be planned at them.
  Result<std::map<std::string, Shape>> FindShapes(int64_t batch, int64_t size) {
    Sizes sizes = Fill(batch, size, 0);
    if (!Plan(sizes).ok() && !FindFirst(&sizes)) return first_error_;
    EngineOptions options = OptionsFor(sizes);
    for (const ValueId v : graph_.inputs) ShapeOf(v, sizes, &options);
    return std::move(options.shapes);
  }

 private:
  EngineOptions OptionsFor(const Sizes& sizes) const {
    EngineOptions options;
    options.plan_only = true;
    for (size_t i = 0; i < unknowns_.symbols; ++i) options.dims[graph_.symbols[i].name] = sizes[i];
    for (size_t i = 0; i < unknowns_.unnamed.size(); ++i) {
      const Unknowns::Dim& dim = unknowns_.unnamed[i];
      Shape& shape = ShapeOf(dim.input, sizes, &options);
      shape[dim.axis] = sizes[unknowns_.symbols + i];
    }
    return options;
  }
  Result<Engine> Plan(const Sizes& sizes) {
    auto engine = Engine::Create(graph_, OptionsFor(sizes));
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

}  // namespace

bool HasUnknownSizes(const Graph& graph) { return FindUnknowns(graph).size() > 0; }

Status PlanAtTwoSizes(const Graph& graph, std::vector<Engine>* engines) {
  return Prober(graph).PlanTwo(engines);
}

Result<std::map<std::string, Shape>> UsableShapes(const Graph& graph, int64_t batch, int64_t size) {
  return Prober(graph).FindShapes(batch, size);
}

}  // namespace pare::converter
