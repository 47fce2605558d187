#include "converter/passes/quantize/trials.h"

#include <algorithm>
#include <limits>

#include "converter/calibrate/run_samples.h"
#include "converter/passes/passes.h"
#include "converter/report/fidelity.h"

namespace pare::converter {
namespace {

constexpr size_t kMostSamples = 6;

// What was asked for, and nothing that was found.
Quantization AskedOf(const Quantization& q) {
  Quantization asked;
  asked.format = q.format;
  asked.range = q.range;
  asked.per_tensor = q.per_tensor;
  asked.group = q.group;
  asked.asymmetric = q.asymmetric;
  asked.weight_only = q.weight_only;
  asked.scales = q.scales;
  return asked;
}

// The passes that quantize: from where ranges and choices are known to where weights are packed.
Status Quantize(Graph& graph, const Options& options) {
  const std::vector<Pass>& passes = Pipeline();
  auto pass = std::find_if(passes.begin(), passes.end(),
                           [](const Pass& p) { return p.run == CorrectBias; });
  for (; pass->run != PackWeights; ++pass) {
    if (options.disabled.count(pass->name) == 0) PARE_TRY(pass->run(graph, options));
  }
  return Ok();
}

bool IsEncoded(const LayerRecord& layer) { return layer.encoding != "f32"; }

}  // namespace

Result<Trials> Trials::Create(const Graph& graph, const Options& options) {
  Trials trials(graph, options);
  const std::vector<Sample>& all = options.quantization->samples;
  const size_t count = std::min(all.size(), kMostSamples);
  for (size_t i = 0; i < count; ++i) trials.samples_.push_back(all[i * all.size() / count]);
  Graph packed = graph;
  PARE_TRY(PackWeights(packed, Options()));
  SampleRunner runner(packed, packed.outputs);
  for (const Sample& sample : trials.samples_) {
    PARE_TRY(runner.Run(sample));
    for (ValueId v : packed.outputs) trials.reference_.push_back(ToDoubles(runner.value(v)));
  }
  return trials;
}

Result<Trial> Trials::Try(const Ranges& ranges, const Choices& choices) const {
  Options options = *options_;
  options.progress = nullptr;
  options.quantization = std::make_shared<Quantization>(AskedOf(*options_->quantization));
  Quantization& q = *options.quantization;
  q.params = ranges;
  q.choices = choices;
  q.samples = samples_;
  Graph graph = *graph_;
  PARE_TRY(Quantize(graph, options));
  Trial trial{q.layers, std::numeric_limits<double>::infinity()};
  if (std::none_of(trial.layers.begin(), trial.layers.end(), IsEncoded)) return trial;
  PARE_TRY(PackWeights(graph, options));
  trial.snr_db = PARE_TRY(WorstSnr(graph));
  return trial;
}

Result<double> Trials::WorstSnr(const Graph& graph) const {
  SampleRunner runner(graph, graph.outputs);
  std::vector<FidelityMeter> meters(graph.outputs.size());
  size_t next = 0;
  for (const Sample& sample : samples_) {
    PARE_TRY(runner.Run(sample));
    for (size_t i = 0; i < meters.size(); ++i, ++next) {
      // Sizes that depend on data may differ.
      const std::vector<double> output = ToDoubles(runner.value(graph.outputs[i]));
      if (output.size() == reference_[next].size()) meters[i].Add(reference_[next], output);
    }
  }
  double least = std::numeric_limits<double>::infinity();
  for (const FidelityMeter& meter : meters) least = std::min(least, meter.Result().snr_db);
  return least;
}

}  // namespace pare::converter
