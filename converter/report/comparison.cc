#include "converter/report/comparison.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "converter/calibrate/inputs.h"
#include "converter/ir/engine.h"
#include "converter/report/advice.h"
#include "runtime/ops/op.h"

namespace pare::converter {
namespace {

using tools::Array;

// A size for a dimension that no array gives.
Result<int64_t> SizeOf(const Graph& graph, const fb::DimT& dim, int axis,
                       const ComparisonOptions& options) {
  constexpr int64_t kSmall = 64;
  if (dim.value >= 0) return dim.value;
  if (dim.symbol < 0 || dim.symbol >= static_cast<int32_t>(graph.symbols.size()))
    return Error(Code::kUnknownSize, "an input has a dimension of unknown size; give --inputs");
  const fb::SymbolT& symbol = graph.symbols[static_cast<size_t>(dim.symbol)];
  const auto given = options.dims.find(symbol.name);
  int64_t size = axis == 0 ? 1 : kSmall;
  if (symbol.max > 0) size = std::min(size, symbol.max);
  size = std::max(size, symbol.min);
  if (given != options.dims.end()) size = given->second;
  return (size * dim.mul + dim.add) / dim.div;
}

// A graph of which every value stays readable after the run: all are outputs.
class Run {
 public:
  Run(const Graph& graph, const std::vector<Array>& inputs, const ComparisonOptions& options)
      : graph_(graph), outputs_(graph.outputs) {
    std::set<ValueId> there(graph_.outputs.begin(), graph_.outputs.end());
    for (const Node& node : graph_.nodes) {
      for (ValueId v : node.outputs) {
        if (v == kAbsent) continue;
        makers_[v] = OpName(static_cast<uint8_t>(node.op.type));
        order_.push_back(v);
        if (there.insert(v).second) graph_.outputs.push_back(v);
      }
    }
    engine_options_.dims = options.dims;
    engine_options_.threads = options.threads;
    for (const Array& array : inputs) arrays_.push_back(&array);
  }

  Status Execute() {
    PARE_TRY(MatchInputs());
    Engine engine = PARE_TRY(Engine::Create(graph_, engine_options_));
    for (uint32_t i = 0; i < engine.session().input_count(); ++i)
      PARE_TRY(WriteInput(*matched_[i], engine.session().input(i)));
    PARE_TRY(engine.Run());
    engine_.emplace(std::move(engine));
    return Ok();
  }

  const Graph& graph() const { return graph_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }
  const std::vector<ValueId>& order() const { return order_; }
  // What makes v, as --exclude calls it, and how.
  void DescribeMaker(ValueId v, ComparedValue* value) const {
    for (const Node& node : graph_.nodes) {
      if (std::find(node.outputs.begin(), node.outputs.end(), v) == node.outputs.end()) continue;
      value->node = node.name.empty() ? NameOf(v) : node.name;
      value->encoding = EncodingOf(graph_, node);
    }
  }
  std::string MakerOf(ValueId v) const {
    const auto it = makers_.find(v);
    return it == makers_.end() ? "" : it->second;
  }
  const std::string& NameOf(ValueId v) const { return graph_.values[static_cast<size_t>(v)].name; }
  const Tensor& At(ValueId v) const { return engine_->value(v); }

 private:
  Status MatchInputs() {
    for (size_t i = 0; i < graph_.inputs.size(); ++i) {
      const Value& input = graph_.values[static_cast<size_t>(graph_.inputs[i])];
      const Array* array = nullptr;
      for (const Array* a : arrays_) {
        if (a->name == input.name) array = a;
      }
      if (array == nullptr && arrays_.size() == graph_.inputs.size()) array = arrays_[i];
      if (array == nullptr)
        return Error(Code::kNotFound, "no array for input '" + input.name + "'");
      if (array->dtype != input.dtype)
        return Error(Code::kShape, "input '" + input.name + "' is " + pare::NameOf(input.dtype) +
                                       ", its array is " + pare::NameOf(array->dtype));
      matched_.push_back(array);
      PlanFor(input.name, *array, &engine_options_);
    }
    return Ok();
  }

  Graph graph_;
  std::vector<ValueId> outputs_, order_;
  std::map<ValueId, std::string> makers_;
  EngineOptions engine_options_;
  std::vector<const Array*> arrays_, matched_;
  std::optional<Engine> engine_;
};

// x[n][c][rest] as [n][rest][c].
std::vector<double> ChannelsLast(const std::vector<double>& x, const Shape& shape) {
  const int64_t n = shape[0], c = shape[1], rest = shape.Elements(2, shape.rank);
  std::vector<double> y(x.size());
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < c; ++j)
      for (int64_t k = 0; k < rest; ++k)
        y[static_cast<size_t>((i * rest + k) * c + j)] =
            x[static_cast<size_t>((i * c + j) * rest + k)];
  return y;
}

// `first` has its channels second, `last` the same sizes with them last.
bool IsChannelsLastOf(const Shape& first, const Shape& last) {
  if (first.rank != last.rank || first.rank < 3) return false;
  Shape moved;
  (void)moved.Push(first[0]);
  for (int d = 2; d < first.rank; ++d) (void)moved.Push(first[d]);
  (void)moved.Push(first[1]);
  return moved == last;
}

// False where the shapes do not fit. `moved`: the names say that axes were moved in between, which
// equal sizes would hide; then the likelier reading counts.
bool CompareTensors(const Tensor& a, const Tensor& b, bool moved, Fidelity* fidelity) {
  const std::vector<double> reference = ToDoubles(a), other = ToDoubles(b);
  bool found = false;
  const auto keep_better = [&](const Fidelity& f) {
    if (!found || f.snr_db > fidelity->snr_db) *fidelity = f;
    found = true;
  };
  if (a.shape == b.shape) keep_better(Compare(reference, other));
  if (found && !moved) return true;
  if (IsChannelsLastOf(a.shape, b.shape))
    keep_better(Compare(ChannelsLast(reference, a.shape), other));
  if (IsChannelsLastOf(b.shape, a.shape))
    keep_better(Compare(reference, ChannelsLast(other, b.shape)));
  return found;
}

Status CompareOutputs(const Run& a, const Run& b, Comparison* result) {
  for (size_t i = 0; i < a.outputs().size(); ++i) {
    const ValueId v = a.outputs()[i];
    ValueId other = kAbsent;
    for (ValueId w : b.outputs()) {
      if (a.NameOf(v) == b.NameOf(w)) other = w;
    }
    if (other == kAbsent && a.outputs().size() == b.outputs().size()) other = b.outputs()[i];
    if (other == kAbsent)
      return Error(Code::kNotFound,
                   "output '" + a.NameOf(v) + "' is not an output of the second model");
    ComparedValue compared{a.NameOf(v), a.MakerOf(v), a.At(v).shape, {}, "", "", 0};
    if (!CompareTensors(a.At(v), b.At(other), false, &compared.fidelity))
      return Error(Code::kShape, "output '" + a.NameOf(v) + "' has another shape in each model");
    result->outputs.push_back(std::move(compared));
  }
  return Ok();
}

// The layout pass names a value whose axes it moved "conv1/permuted".
std::string NameWithoutLayout(std::string name) {
  const std::string end = "/permuted";
  while (name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0)
    name.resize(name.size() - end.size());
  return name;
}

// Sets what each layer's inputs have lost; what was not compared passes on that of its own inputs.
void FindInputs(const Graph& graph, Comparison* result) {
  std::map<std::string, ComparedValue*> compared;
  for (ComparedValue& layer : result->layers) compared.emplace(layer.name, &layer);
  std::map<ValueId, double> known;
  for (const Node& node : graph.nodes) {
    double least = std::numeric_limits<double>::infinity();
    for (ValueId v : node.inputs) {
      const auto found = known.find(v);
      if (found != known.end()) least = std::min(least, found->second);
    }
    for (ValueId v : node.outputs) {
      if (v == kAbsent) continue;
      const auto found = compared.find(graph.values[static_cast<size_t>(v)].name);
      if (found != compared.end()) found->second->input_db = least;
      known[v] = found == compared.end() ? least : found->second->fidelity.snr_db;
    }
  }
}

void CompareLayers(const Run& a, const Run& b, Comparison* result) {
  std::map<std::string, ValueId> names;
  for (ValueId v : b.order()) {
    if (!b.NameOf(v).empty()) names.emplace(b.NameOf(v), v);
  }
  for (ValueId v : b.order()) {
    if (!b.NameOf(v).empty()) names.emplace(NameWithoutLayout(b.NameOf(v)), v);
  }
  result->reference_layers = a.order().size();
  for (ValueId v : a.order()) {
    auto it = names.find(a.NameOf(v));
    if (it == names.end()) it = names.find(NameWithoutLayout(a.NameOf(v)));
    if (it == names.end() || !IsFloat(a.At(v).dtype)) continue;
    ComparedValue compared{a.NameOf(v), a.MakerOf(v), a.At(v).shape, {}, "", "", 0};
    b.DescribeMaker(it->second, &compared);
    const bool moved = a.NameOf(v) != b.NameOf(it->second);
    if (CompareTensors(a.At(v), b.At(it->second), moved, &compared.fidelity)) {
      result->layers.push_back(std::move(compared));
    } else {
      result->other_shapes.push_back(a.NameOf(v));
    }
  }
  FindInputs(a.graph(), result);
}

}  // namespace

double Comparison::WorstOutput() const {
  double worst = std::numeric_limits<double>::infinity();
  for (const ComparedValue& output : outputs) worst = std::min(worst, output.fidelity.snr_db);
  return worst;
}

int Comparison::FirstDiverging() const {
  for (size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].fidelity.snr_db < diverging_db) return static_cast<int>(i);
  }
  return -1;
}

int Comparison::FirstBreaking() const {
  constexpr double kOwnLoss = 3;
  int first = -1;
  for (size_t i = 0; i < layers.size(); ++i) {
    const double snr = layers[i].fidelity.snr_db;
    if (snr >= breaking_db) continue;
    if (layers[i].input_db - snr >= kOwnLoss) return static_cast<int>(i);
    if (first < 0) first = static_cast<int>(i);
  }
  return first;
}

Result<std::vector<Array>> RandomInputs(const Graph& graph, const ComparisonOptions& options,
                                        uint64_t seed) {
  std::vector<Array> arrays;
  for (ValueId v : graph.inputs) {
    const Value& input = graph.values[static_cast<size_t>(v)];
    Shape shape;
    for (size_t d = 0; d < input.dims.size(); ++d) {
      const int64_t size = PARE_TRY(SizeOf(graph, input.dims[d], static_cast<int>(d), options));
      if (!shape.Push(size)) return Error(Code::kShape, "an input has too many dimensions");
    }
    if (input.dims.empty()) shape = input.shape;
    // Inputs of one kind get other values each.
    arrays.push_back(PARE_TRY(MakeUpInput(graph, v, shape, seed + 6 * arrays.size())));
  }
  return arrays;
}

Result<Comparison> CompareGraphs(const Graph& reference, const Graph& other,
                                 const std::vector<Array>& inputs,
                                 const ComparisonOptions& options) {
  Run a(reference, inputs, options), b(other, inputs, options);
  PARE_TRY(a.Execute());
  PARE_TRY(b.Execute());
  Comparison result;
  result.diverging_db = options.diverging_db;
  result.breaking_db = options.breaking_db;
  PARE_TRY(CompareOutputs(a, b, &result));
  CompareLayers(a, b, &result);
  return result;
}

}  // namespace pare::converter
