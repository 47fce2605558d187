#include "converter/ir/engine.h"

#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "converter/write/metadata.h"
#include "runtime/plan/plan.h"

namespace pare::converter {
namespace {

// SessionConfig refers to names and shapes: this keeps them while a session is made.
struct Config {
  SessionConfig session;
  std::vector<DimSize> dims;
  std::vector<InputHint> hints;

  Config(const Graph& graph, const EngineOptions& options) {
    for (const auto& [name, size] : options.dims) dims.push_back({name.c_str(), size});
    for (const ValueId v : graph.inputs) {
      const std::string& name = graph.values[static_cast<size_t>(v)].name;
      const auto shape = options.shapes.find(name);
      const auto values = options.values.find(name);
      if (shape == options.shapes.end() && values == options.values.end()) continue;
      hints.push_back({name.c_str(), shape == options.shapes.end() ? nullptr : &shape->second,
                       values == options.values.end() ? nullptr : values->second});
    }
    session.threads = options.threads;
    session.cpu = options.cpu;
    session.max_trips = options.max_trips;
    session.dims = {dims.data(), dims.size()};
    session.inputs = {hints.data(), hints.size()};
  }
};

}  // namespace

Result<Engine> Engine::Create(const Graph& graph, const EngineOptions& options) {
  Engine engine;
  engine.parts_ = std::make_unique<Parts>();
  Parts& parts = *engine.parts_;
  parts.graph = &graph;
  Metadata metadata = BuildMetadata(graph);
  parts.metadata = std::move(metadata.bytes);
  for (const Weight* weight : metadata.weights) {
    const std::byte* data = weight->bytes.data;
    // Planning reads small integers only, which need no alignment.
    if (!options.plan_only && reinterpret_cast<uintptr_t>(data) % kAlignment != 0) {
      std::byte* copy;
      parts.copies.push_back(Bytes::Allocate(weight->bytes.size, &copy));
      std::memcpy(copy, data, weight->bytes.size);
      data = copy;
    }
    parts.weights.push_back(data);
  }
  // A model without weights still needs a non-null list, which tells parts from a file.
  if (parts.weights.empty()) parts.weights.push_back(nullptr);
  auto model = Model::FromParts(
      {reinterpret_cast<const std::byte*>(parts.metadata.data()), parts.metadata.size()},
      {parts.weights.data(), parts.weights.size()});
  if (!model.ok()) return engine.Explain(model.status());
  parts.model = std::make_unique<Model>(std::move(model).value());

  const Config config(graph, options);
  if (options.plan_only) {
    parts.arena = std::make_unique<Arena>();
    auto plan =
        Plan::Build(*parts.model, 0, config.session, options.threads, nullptr, *parts.arena);
    if (!plan.ok()) return engine.Explain(plan.status());
    parts.plan = plan.value();
    return engine;
  }
  const auto needs = Session::Measure(*parts.model, config.session);
  if (!needs.ok()) return engine.Explain(needs.status());
  std::byte* memory;
  const auto arena_bytes = static_cast<size_t>(needs.value().arena_bytes);
  try {
    parts.memory = Bytes::Allocate(arena_bytes, &memory);
  } catch (const std::bad_alloc&) {
    return Error(Code::kOutOfMemory,
                 "running the model takes " + std::to_string(arena_bytes) + " bytes of memory");
  }
  auto session = Session::Create(*parts.model, config.session, {memory, arena_bytes});
  if (!session.ok()) return engine.Explain(session.status());
  parts.session = std::make_unique<Session>(std::move(session).value());
  return engine;
}

const Tensor& Engine::value(ValueId v) const {
  const Plan& plan = parts_->session != nullptr ? parts_->session->plan() : *parts_->plan;
  return plan.value(static_cast<uint32_t>(v));
}

Status Engine::Run() { return Explain(parts_->session->Run()); }

Status Engine::Explain(pare::Status status) const {
  if (status.ok()) return Ok();
  // A model that did not open cannot name its nodes; its source can, where it is the outermost
  // graph.
  if (parts_->model == nullptr && status.graph == 0 && status.node >= 0) {
    const Node& node = parts_->graph->nodes[static_cast<size_t>(status.node)];
    return Error(status.code, "node " + std::to_string(status.node) + " '" + node.name + "' (" +
                                  OpName(static_cast<uint8_t>(node.op.type)) + "): " + status.what);
  }
  char text[512];
  (void)DescribeStatus(status, parts_->model.get(), nullptr, text, sizeof text);
  return Error(status.code, text);
}

}  // namespace pare::converter
