#include "converter/calibrate/run_samples.h"

#include <set>
#include <string>

#include "converter/ir/engine.h"

namespace pare::converter {
namespace {

// What a session was planned for: equal texts can share one.
std::string PlanKey(const Sample& sample) {
  std::string key;
  for (const tools::Array& input : sample) {
    for (int d = 0; d < input.shape.rank; ++d) key += std::to_string(input.shape[d]) + "x";
    key += ";";
    if (MayDecideSizes(input))
      key.append(reinterpret_cast<const char*>(input.data.data()), input.data.size());
  }
  return key;
}

}  // namespace

struct SampleRunner::Parts {
  Graph graph;
  std::optional<Engine> engine;
  std::string key;
};

SampleRunner::SampleRunner(const Graph& graph, const std::vector<ValueId>& values)
    : parts_(std::make_unique<Parts>()) {
  parts_->graph = graph;
  // An output's memory is not used again, so it can be read after the run.
  std::set<ValueId> outputs(graph.outputs.begin(), graph.outputs.end());
  for (ValueId v : values) {
    if (outputs.insert(v).second) parts_->graph.outputs.push_back(v);
  }
}

SampleRunner::~SampleRunner() = default;

Status SampleRunner::Run(const Sample& sample) {
  const Graph& graph = parts_->graph;
  std::string key = PlanKey(sample);
  if (!parts_->engine || key != parts_->key) {
    EngineOptions options;
    for (size_t i = 0; i < sample.size(); ++i)
      PlanFor(graph.values[graph.inputs[i]].name, sample[i], &options);
    parts_->engine.reset();
    parts_->engine.emplace(PARE_TRY(Engine::Create(graph, options)));
    parts_->key = std::move(key);
  }
  for (size_t i = 0; i < sample.size(); ++i)
    PARE_TRY(WriteInput(sample[i], parts_->engine->session().input(static_cast<uint32_t>(i))));
  parts_->engine->session().ResetState();
  return parts_->engine->Run();
}

const Tensor& SampleRunner::value(ValueId v) const { return parts_->engine->value(v); }

Status RunSamples(const Graph& graph, const std::vector<Sample>& samples,
                  const std::vector<ValueId>& values, const SeeValue& see) {
  SampleRunner runner(graph, values);
  for (size_t i = 0; i < samples.size(); ++i) {
    Status status = runner.Run(samples[i]);
    if (!status.ok()) {
      status.message = "calibration sample " + std::to_string(i) + ": " + status.message;
      return status;
    }
    for (ValueId v : values) PARE_TRY(see(v, runner.value(v)));
  }
  return Ok();
}

}  // namespace pare::converter
