#include "converter/passes/quantize/trials.h"

#include <algorithm>
#include <limits>

#include "converter/calibrate/run_samples.h"
#include "converter/passes/passes.h"
#include "converter/passes/quantize/refine.h"
#include "converter/report/fidelity.h"

namespace pare::converter {
namespace {

constexpr size_t kMostSamples = 6;

}  // namespace

Result<Trials> Trials::Create(const Graph& graph, const Options& options) {
  Trials trials(graph, options);
  const std::vector<Sample>& all = options.quantization->samples;
  const size_t count = std::min(all.size(), kMostSamples);
  for (size_t i = 0; i < count; ++i) trials.samples_.push_back(all[i * all.size() / count]);
  SampleRunner runner(graph, graph.outputs);
  for (const Sample& sample : trials.samples_) {
    PARE_TRY(runner.Run(sample));
    for (ValueId v : graph.outputs) trials.reference_.push_back(ToDoubles(runner.value(v)));
  }
  return trials;
}

Result<double> Trials::Snr(const std::map<ValueId, QuantParams>& params,
                           const std::vector<std::string>& kept) const {
  const Quantization& asked = *options_->quantization;
  Options options = *options_;
  options.quantization = std::make_shared<Quantization>();
  Quantization& q = *options.quantization;
  q.format = asked.format;
  q.per_tensor = asked.per_tensor;
  q.scales = asked.scales;
  q.choices = asked.choices;
  q.params = params;
  q.samples = samples_;
  for (const std::string& layer : kept) q.choices[layer] = {};
  Graph graph = *graph_;
  if (options.disabled.count("correct_bias") == 0) PARE_TRY(CorrectBias(graph, options));
  PARE_TRY(QuantizeStatic(graph, options));
  SampleRunner runner(graph, graph.outputs);
  std::vector<FidelityMeter> meters(graph.outputs.size());
  size_t next = 0;
  for (const Sample& sample : samples_) {
    PARE_TRY(runner.Run(sample));
    for (size_t i = 0; i < meters.size(); ++i, ++next) {
      const std::vector<double> output = ToDoubles(runner.value(graph.outputs[i]));
      if (output.size() == reference_[next].size()) meters[i].Add(reference_[next], output);
    }
  }
  double least = std::numeric_limits<double>::infinity();
  for (const FidelityMeter& meter : meters) least = std::min(least, meter.Result().snr_db);
  return least;
}

}  // namespace pare::converter
