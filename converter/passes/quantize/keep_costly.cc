// Keeps layers in f32 whose int8 costs the outputs more than the others together bear: the graph is
// quantized again and again with one layer, or a run of layers, in f32. Only where int8 alone
// leaves the outputs noisy; sensitivity by layer as in Wu et al., "Integer Quantization for Deep
// Learning Inference", 2020.
#include <algorithm>
#include <cstdio>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/quantize/quantization.h"
#include "converter/passes/quantize/quantized_ops.h"
#include "converter/passes/quantize/trials.h"

namespace pare::converter {
namespace {

constexpr double kEnough = 25;    // dB of the outputs: below, tasks begin to suffer
constexpr double kWorthIt = 0.5;  // dB that keeping a layer has to gain
constexpr size_t kMostTrials = 24;
constexpr size_t kMostKept = 4;  // one layer in so many

using Layers = std::vector<std::string>;  // by the value that each makes

// What becomes int8, in runs of neighbours where there are many.
std::vector<Layers> Candidates(const Graph& graph, const Quantization& q, size_t* count) {
  Layers all;
  for (const Node& n : graph.nodes) {
    if (n.op.type != fb::Op::Conv && n.op.type != fb::Op::MatMul) continue;
    if (WhyNoInt8(graph, n) == nullptr && q.FormatOf(graph, n) == QuantFormat::kInt8)
      all.push_back(graph.values[n.outputs[0]].name);
  }
  *count = all.size();
  const size_t each = std::max<size_t>(1, (all.size() + kMostTrials - 1) / kMostTrials);
  std::vector<Layers> runs;
  for (size_t i = 0; i < all.size(); i += each) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i);
    runs.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(std::min(each, all.size() - i)));
  }
  return runs;
}

// The choices with those layers in f32.
Trials::Choices Without(Trials::Choices choices, const Layers& layers) {
  for (const std::string& layer : layers) choices[layer] = {};
  return choices;
}

std::string Reason(double without, double with) {
  char text[96];
  std::snprintf(text, sizeof text, "int8 takes the outputs to %.1f dB, f32 here to %.1f dB",
                without, with);
  return text;
}

}  // namespace

Status KeepCostly(Graph& graph, const Options& options) {
  Quantization& q = *options.quantization;
  if (q.format != QuantFormat::kInt8 || q.samples.empty() || q.budget) return Ok();
  size_t count;
  const std::vector<Layers> candidates = Candidates(graph, q, &count);
  if (candidates.empty()) return Ok();
  const Trials trials = PARE_TRY(Trials::Create(graph, options));
  double snr = PARE_TRY(trials.Try(q.params, q.choices)).snr_db;
  if (snr >= kEnough) return Ok();
  std::vector<std::pair<double, const Layers*>> gains;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const Trials::Choices choices = Without(q.choices, candidates[i]);
    gains.emplace_back(PARE_TRY(trials.Try(q.params, choices)).snr_db - snr, &candidates[i]);
    if (options.progress)
      options.progress("keep_costly", static_cast<int>(i), static_cast<int>(candidates.size()));
  }
  std::stable_sort(gains.begin(), gains.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  const size_t most = std::max<size_t>(1, count / kMostKept);
  Layers kept;
  for (const auto& [gain, layers] : gains) {
    if (gain < kWorthIt || snr >= kEnough || kept.size() >= most) break;
    Layers more = kept;
    more.insert(more.end(), layers->begin(), layers->end());
    const double reached = PARE_TRY(trials.Try(q.params, Without(q.choices, more))).snr_db;
    if (reached < snr + kWorthIt) continue;
    for (const std::string& layer : *layers)
      q.choices[layer] = {QuantFormat::kNone, Reason(snr, reached)};
    kept = std::move(more);
    snr = reached;
  }
  return Ok();
}

}  // namespace pare::converter
