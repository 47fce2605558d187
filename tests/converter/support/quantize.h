// Quantizes small graphs with seeded data and says how far that moved their outputs.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "converter/passes/pass.h"
#include "converter/passes/quantize/quantization.h"
#include "converter/report/layer_errors.h"

namespace pare::converter {

// Seeded numbers for each input, four samples.
inline Dataset DataFor(const Graph& graph) {
  std::mt19937 random(11);
  std::vector<tools::Array> arrays;
  for (ValueId v : graph.inputs) {
    tools::Array array{graph.values[v].name, DType::kF32, {}, {}};
    (void)array.shape.Push(4);
    for (int i = 0; i < graph.values[v].shape.rank; ++i)
      (void)array.shape.Push(graph.values[v].shape[i]);
    std::vector<float> values(static_cast<size_t>(array.shape.Elements()));
    for (float& x : values) x = std::uniform_real_distribution<float>(-2, 2)(random);
    array.data.resize(values.size() * sizeof(float));
    std::memcpy(array.data.data(), values.data(), array.data.size());
    arrays.push_back(std::move(array));
  }
  return Dataset({arrays});
}

struct Quantized {
  Status status;
  std::shared_ptr<Quantization> q;
  LayerErrors errors;
};

inline Quantized Quantize(Graph* graph, QuantFormat format = QuantFormat::kInt8,
                          const std::set<std::string>& disabled = {}) {
  Options options;
  options.quantization = std::make_shared<Quantization>();
  options.quantization->format = format;
  options.disabled = disabled;
  options.calibration = std::make_shared<Dataset>(DataFor(*graph));
  Quantized result{RunPipeline(*graph, options, nullptr), options.quantization, {}};
  if (!result.status.ok()) return result;
  auto errors = MeasureLayers(*result.q->reference, *graph, *result.q);
  EXPECT_TRUE(errors.ok()) << errors.status().message;
  if (errors.ok()) result.errors = errors.value();
  return result;
}

inline void ExpectClose(const Quantized& result, double db) {
  ASSERT_TRUE(result.status.ok()) << result.status.message;
  ASSERT_FALSE(result.errors.outputs.empty());
  for (const auto& [name, fidelity] : result.errors.outputs) EXPECT_GE(fidelity.snr_db, db) << name;
}

}  // namespace pare::converter
