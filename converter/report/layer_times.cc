#include "converter/report/layer_times.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

#include "converter/calibrate/inputs.h"
#include "converter/passes/passes.h"
#include "runtime/plan/plan.h"

namespace pare::converter {
namespace {

constexpr size_t kLeastRuns = 5, kMostRuns = 30;
constexpr std::chrono::seconds kLongest{2};

// A graph that can be run again and again, with the times of its nodes.
class Clock {
 public:
  static Result<Clock> Create(const Graph& graph, const Sample& sample) {
    EngineOptions options;
    for (size_t i = 0; i < sample.size(); ++i)
      PlanFor(graph.values[graph.inputs[i]].name, sample[i], &options);
    Clock clock(graph, PARE_TRY(Engine::Create(graph, options)));
    Session& session = clock.engine_.session();
    for (size_t i = 0; i < sample.size(); ++i)
      PARE_TRY(WriteInput(sample[i], session.input(static_cast<uint32_t>(i))));
    clock.least_.assign(session.step_count(), std::numeric_limits<double>::infinity());
    return clock;
  }

  Status Run() {
    std::vector<uint64_t> nanoseconds(least_.size());
    PARE_TRY(engine_.Explain(engine_.session().RunProfiled(nanoseconds.data())));
    for (size_t i = 0; i < least_.size(); ++i)
      least_[i] = std::min(least_[i], static_cast<double>(nanoseconds[i]) / 1000);
    return Ok();
  }

  // Adds up the least times, by the name of the value that a node makes.
  void Sum(double LayerTimes::Pair::*side, LayerTimes* times) {
    for (size_t i = 0; i < least_.size(); ++i) {
      const auto node = static_cast<size_t>(engine_.session().step(static_cast<uint32_t>(i)).node);
      const ValueId v = graph_->nodes[node].outputs[0];
      times->all.*side += least_[i];
      if (v != kAbsent) times->layers[NameOf(v)].*side += least_[i];
    }
  }

 private:
  Clock(const Graph& graph, Engine engine) : graph_(&graph), engine_(std::move(engine)) {}

  // What a quantized graph returns is made as "y/u8".
  std::string NameOf(ValueId v) const {
    const std::string& name = graph_->values[v].name;
    const std::string end = "/u8";
    const bool u8 =
        name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
    return u8 ? name.substr(0, name.size() - end.size()) : name;
  }

  const Graph* graph_;
  Engine engine_;
  std::vector<double> least_;  // microseconds of each step
};

}  // namespace

Result<LayerTimes> TimeLayers(const Graph& reference, const Graph& quantized,
                              const Quantization& quantization) {
  const std::vector<Sample> made_up =
      quantization.samples.empty() ? PARE_TRY(MakeUpSamples(reference)) : std::vector<Sample>();
  const Sample& sample = made_up.empty() ? quantization.samples[0] : made_up[0];
  Graph packed = reference;
  PARE_TRY(PackWeights(packed, Options()));
  Clock before = PARE_TRY(Clock::Create(packed, sample));
  Clock after = PARE_TRY(Clock::Create(quantized, sample));
  const auto start = std::chrono::steady_clock::now();
  for (size_t i = 0; i < kMostRuns; ++i) {
    if (i >= kLeastRuns && std::chrono::steady_clock::now() - start > kLongest) break;
    PARE_TRY(before.Run());
    PARE_TRY(after.Run());
  }
  LayerTimes times;
  times.cpu = CpuLevelName(HostCpu());
  before.Sum(&LayerTimes::Pair::before, &times);
  after.Sum(&LayerTimes::Pair::after, &times);
  return times;
}

}  // namespace pare::converter
