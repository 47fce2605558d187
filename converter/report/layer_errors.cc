#include "converter/report/layer_errors.h"

#include <algorithm>

#include "converter/calibrate/run_samples.h"

namespace pare::converter {
namespace {

constexpr size_t kMostSamples = 16;

// The values that nodes make, by name.
std::map<std::string, ValueId> Made(const Graph& graph) {
  std::map<std::string, ValueId> values;
  for (const Node& n : graph.nodes) {
    for (ValueId v : n.outputs) {
      if (v != kAbsent && !graph.values[v].name.empty()) values.emplace(graph.values[v].name, v);
    }
  }
  return values;
}

struct Pair {
  ValueId a, b;
  FidelityMeter meter;
};

std::vector<ValueId> Sides(const std::map<std::string, Pair>& pairs, ValueId Pair::*side) {
  std::vector<ValueId> values;
  for (const auto& [name, pair] : pairs) values.push_back(pair.*side);
  return values;
}

}  // namespace

Result<LayerErrors> MeasureLayers(const Graph& reference, const Graph& quantized,
                                  const Quantization& quantization) {
  const std::map<std::string, ValueId> a = Made(reference), b = Made(quantized);
  std::map<std::string, Pair> pairs;
  const auto add = [&](const std::string& name) {
    const auto x = a.find(name), y = b.find(name);
    if (x != a.end() && y != b.end()) pairs.emplace(name, Pair{x->second, y->second, {}});
  };
  for (const LayerRecord& layer : quantization.layers) add(layer.value);
  for (ValueId v : reference.outputs) add(reference.values[v].name);

  LayerErrors errors;
  const std::vector<Sample>& samples = quantization.samples;
  errors.samples = std::min(samples.size(), kMostSamples);
  SampleRunner first(reference, Sides(pairs, &Pair::a)), second(quantized, Sides(pairs, &Pair::b));
  for (size_t i = 0; i < errors.samples; ++i) {
    const Sample& sample = samples[i * samples.size() / errors.samples];
    PARE_TRY(first.Run(sample));
    PARE_TRY(second.Run(sample));
    for (auto& [name, pair] : pairs) {
      const Tensor &x = first.value(pair.a), &y = second.value(pair.b);
      if (x.shape == y.shape) pair.meter.Add(ToDoubles(x), ToDoubles(y));
    }
  }
  for (const auto& [name, pair] : pairs) errors.layers[name] = pair.meter.Result();
  for (ValueId v : reference.outputs) {
    const std::string& name = reference.values[v].name;
    if (pairs.count(name) != 0) errors.outputs.emplace_back(name, errors.layers.at(name));
  }
  return errors;
}

}  // namespace pare::converter
