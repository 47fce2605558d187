// Mixed precision: each layer gets the encoding by which the model meets its budget at the least
// error. Of each layer alone, in each encoding that the passes behind this one can give it, the
// error of the outputs is measured on calibration data; then the moves that gain most for their
// error are taken, one by one, until the budget is met. Errors of layers are taken as independent,
// so that their powers add up (as in Zhou et al., "Adaptive Quantization for Deep Neural Network",
// 2018); the whole is measured in the end.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "converter/passes/passes.h"
#include "converter/passes/quantize/budget.h"
#include "converter/passes/quantize/quantization.h"
#include "converter/passes/quantize/trials.h"
#include "converter/report/table.h"

namespace pare::converter {
namespace {

constexpr QuantFormat kFormats[] = {QuantFormat::kInt8, QuantFormat::kInt8Dynamic,
                                    QuantFormat::kInt4, QuantFormat::kNf4};

double PowerOf(double snr_db) { return std::pow(10, -snr_db / 10); }
double DecibelsOf(double power) { return power > 0 ? -10 * std::log10(power) : INFINITY; }

// A way to store a layer, against f32.
struct Candidate {
  QuantFormat format;
  std::string encoding;
  double bytes_saved = 0, us_saved = 0, noise = 0;
};

struct Layer {
  LayerRecord record;
  double us = 0;  // in f32
  std::vector<Candidate> candidates;
  int chosen = -1;  // -1: f32
};

class Chooser {
 public:
  Chooser(const Options& options, const Trials& trials, double bytes)
      : options_(options), q_(*options.quantization), trials_(trials), bytes_(bytes) {}

  // What each layer alone costs and gains.
  Status Measure(const Graph& graph) {
    for (const Node& n : graph.nodes) {
      const bool linear =
          n.op.type == fb::Op::Conv || n.op.type == fb::Op::MatMul || n.op.type == fb::Op::Gather;
      const LayerRecord record = RecordOf(graph, n);
      if (linear && record.bytes_before > 0 && q_.choices.count(record.value) == 0)
        layers_.push_back({record, 0, {}, -1});
    }
    for (size_t i = 0; i < layers_.size(); ++i) {
      if (options_.progress)
        options_.progress("choose_encodings", static_cast<int>(i),
                          static_cast<int>(layers_.size()));
      for (QuantFormat format : kFormats) PARE_TRY(MeasureOne(&layers_[i], format));
    }
    return Ok();
  }

  // Sets the choices, or says what is reachable.
  Status Choose() {
    const Budget& budget = *q_.budget;
    double limit = budget.snr ? PowerOf(*budget.snr) : std::numeric_limits<double>::infinity();
    const double allowed = limit;
    constexpr int kRounds = 6;
    double reached = 0;
    for (int round = 0; round < kRounds; ++round) {
      Fill(limit);
      if (!Meets()) return Unreachable(limit);
      reached = PowerOf(PARE_TRY(trials_.Try(q_.params, ChoicesNow())).snr_db);
      if (reached <= allowed) {
        q_.choices = ChoicesNow();
        return Ok();
      }
      // Errors were not independent: allow as much less as they came out more.
      limit = std::min(limit, Noise()) * std::min(0.9, allowed / reached);
    }
    return Unreachable(limit);
  }

 private:
  Status MeasureOne(Layer* layer, QuantFormat format) {
    Trials::Choices choices = AllFloat();
    choices[layer->record.value].format = format;
    const Trial outcome = PARE_TRY(trials_.Try(q_.params, choices));
    const auto found = std::find_if(
        outcome.layers.begin(), outcome.layers.end(),
        [&](const LayerRecord& record) { return record.value == layer->record.value; });
    if (found == outcome.layers.end() || found->encoding == "f32") return Ok();
    Candidate candidate{format, found->encoding, 0, 0, PowerOf(outcome.snr_db)};
    candidate.bytes_saved =
        static_cast<double>(found->bytes_before) - static_cast<double>(found->bytes_after);
    // Looking rows up takes no time that would matter.
    if (q_.target && layer->record.op != "Gather") {
      const auto before = q_.target->Find(layer->record.node, "f32");
      const auto after = q_.target->Find(layer->record.node, found->encoding);
      if (!before)
        return Error(Code::kNotFound, "--target: no profile knows layer '" + layer->record.node +
                                          "': measure this model in f32");
      // An encoding that was not measured is not known to be faster.
      if (!after) return Ok();
      layer->us = *before;
      candidate.us_saved = *before - *after;
    }
    if (candidate.bytes_saved > 0 || candidate.us_saved > 0)
      layer->candidates.push_back(std::move(candidate));
    return Ok();
  }

  Trials::Choices AllFloat() const {
    Trials::Choices choices = q_.choices;
    for (const Layer& layer : layers_) choices[layer.record.value] = {QuantFormat::kNone, ""};
    return choices;
  }

  double Sum(double Candidate::*what) const {
    double sum = 0;
    for (const Layer& layer : layers_)
      sum += layer.chosen < 0 ? 0 : layer.candidates[static_cast<size_t>(layer.chosen)].*what;
    return sum;
  }
  double Noise() const { return Sum(&Candidate::noise); }
  double Size() const { return 1 - Sum(&Candidate::bytes_saved) / bytes_; }
  double Latency() const {
    return q_.target ? 1 - Sum(&Candidate::us_saved) / q_.target->all_us() : 1;
  }
  bool Meets() const {
    return (!q_.budget->size || Size() <= *q_.budget->size) &&
           (!q_.budget->latency || Latency() <= *q_.budget->latency);
  }

  // What a move gains of what the budget still lacks; where it asks for an SNR alone, of anything.
  double Gain(const Candidate& to, const Candidate& from) const {
    const Budget& budget = *q_.budget;
    const bool any = !budget.size && !budget.latency;
    double gain = 0;
    if (any || (budget.size && Size() > *budget.size))
      gain += (to.bytes_saved - from.bytes_saved) / bytes_;
    if (q_.target && (any || (budget.latency && Latency() > *budget.latency)))
      gain += (to.us_saved - from.us_saved) / q_.target->all_us();
    return gain;
  }

  // Takes the moves that gain most for their error while the budget lacks something, and the
  // error stays below `limit`.
  void Fill(double limit) {
    for (Layer& layer : layers_) layer.chosen = -1;
    const bool any = !q_.budget->size && !q_.budget->latency;
    // Bytes and time may be at odds: a layer is not moved to and fro for ever.
    size_t moves = 4 * layers_.size();
    while (moves-- > 0 && (any || !Meets())) {
      Layer* best = nullptr;
      int move = -1;
      double most = 0;
      const double noise = Noise();
      for (Layer& layer : layers_) {
        static const Candidate kFloat{QuantFormat::kNone, "f32", 0, 0, 0};
        const Candidate& from =
            layer.chosen < 0 ? kFloat : layer.candidates[static_cast<size_t>(layer.chosen)];
        for (size_t i = 0; i < layer.candidates.size(); ++i) {
          const Candidate& to = layer.candidates[i];
          const double gain = Gain(to, from), cost = to.noise - from.noise;
          if (gain <= 0 || noise + cost > limit) continue;
          const double worth = gain / std::max(cost, 1e-15);
          if (worth > most) most = worth, best = &layer, move = static_cast<int>(i);
        }
      }
      if (best == nullptr) return;
      best->chosen = move;
    }
  }

  Trials::Choices ChoicesNow() const {
    Trials::Choices choices = q_.choices;
    for (const Layer& layer : layers_) {
      LayerChoice& choice = choices[layer.record.value];
      if (layer.chosen < 0) {
        choice.reason = "the budget does not need it";
        for (const Candidate& c : layer.candidates)
          choice.reason += (&c == &layer.candidates[0] ? ": " : ", ") + Describe(c);
        if (layer.candidates.empty()) choice.reason = "no encoding suits it";
        continue;
      }
      const Candidate& c = layer.candidates[static_cast<size_t>(layer.chosen)];
      choice = {c.format, "for the budget: " + Describe(c)};
    }
    return choices;
  }

  std::string Describe(const Candidate& c) const {
    std::string text = c.encoding + " alone leaves " + FixedText(DecibelsOf(c.noise), 1) +
                       " dB, saves " + FixedText(c.bytes_saved / 1000, 1) + " kB";
    return q_.target ? text + ", " + FixedText(c.us_saved, 1) + " us" : text;
  }

  std::string ReachText() const {
    std::string text =
        "size " + FixedText(Size(), 3) + ", snr about " + FixedText(DecibelsOf(Noise()), 1) + " dB";
    return q_.target ? text + ", latency " + FixedText(Latency(), 3) : text;
  }

  Status Unreachable(double limit) {
    Fill(limit);
    const std::string within = ReachText();
    Fill(std::numeric_limits<double>::infinity());
    return Error(Code::kUnsupported,
                 "the budget cannot be met: within its snr " + within +
                     " are reachable; with any snr " + ReachText() +
                     (q_.choices.empty() ? "" : "; --exclude keeps layers from what would help"));
  }

  const Options& options_;
  Quantization& q_;
  const Trials& trials_;
  const double bytes_;  // of all weights in f32
  std::vector<Layer> layers_;
};

}  // namespace

Status ChooseEncodings(Graph& graph, const Options& options) {
  const Quantization& q = *options.quantization;
  if (!q.budget) return Ok();
  if (q.budget->latency && !q.target)
    return Error(Code::kNotFound, "--budget latency needs --target, the profile of a device");
  double bytes = 0;
  for (const Weight& weight : graph.weights) bytes += static_cast<double>(weight.bytes.size);
  const Trials trials = PARE_TRY(Trials::Create(graph, options));
  Chooser chooser(options, trials, std::max(bytes, 1.0));
  PARE_TRY(chooser.Measure(graph));
  return chooser.Choose();
}

}  // namespace pare::converter
