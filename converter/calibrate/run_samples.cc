#include "converter/calibrate/run_samples.h"

#include <cstring>
#include <set>
#include <string>

#include "converter/ir/engine.h"

namespace pare::converter {
namespace {

// Integers that may decide sizes: a session is planned with their values.
constexpr int64_t kSmall = 16;

bool MayDecideSizes(const Value& input, const Shape& shape) {
  return IsInteger(input.dtype) && shape.rank <= 1 && shape.Elements() <= kSmall;
}

// What a session was planned for: equal texts can share one.
std::string PlanKey(const Graph& graph, const Sample& sample) {
  std::string key;
  for (size_t i = 0; i < sample.size(); ++i) {
    const tools::Array& input = sample[i];
    for (int d = 0; d < input.shape.rank; ++d) key += std::to_string(input.shape[d]) + "x";
    key += ";";
    if (MayDecideSizes(graph.values[graph.inputs[i]], input.shape))
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
  std::string key = PlanKey(graph, sample);
  if (!parts_->engine || key != parts_->key) {
    EngineOptions options;
    for (size_t i = 0; i < sample.size(); ++i) {
      const Value& input = graph.values[graph.inputs[i]];
      options.shapes[input.name] = sample[i].shape;
      if (MayDecideSizes(input, sample[i].shape))
        options.values[input.name] = sample[i].data.data();
    }
    parts_->engine.reset();
    parts_->engine.emplace(PARE_TRY(Engine::Create(graph, options)));
    parts_->key = std::move(key);
  }
  for (size_t i = 0; i < sample.size(); ++i) {
    const Tensor& to = parts_->engine->session().input(static_cast<uint32_t>(i));
    if (to.Bytes() != sample[i].data.size() || to.dtype != sample[i].dtype)
      return Error(Code::kInternal, "a calibration sample does not have its input's size");
    if (to.Bytes() > 0) std::memcpy(to.data, sample[i].data.data(), sample[i].data.size());
  }
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
