// Engine: a converter graph on the runtime. The one way in which the converter infers shapes, folds
// constants, calibrates and compares.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"
#include "runtime/session/session.h"

namespace pare::converter {

struct EngineOptions {
  std::map<std::string, int64_t> dims;  // size of symbols; a symbol that is not named takes its max
  std::map<std::string, Shape> shapes;  // of inputs, where they are not fixed
  std::map<std::string, const void*> values;  // of small inputs that decide sizes
  size_t threads = 1;
  CpuMask cpu = HostCpu();
  int64_t max_trips = 1024;
  // Plans only: shapes, types and known values of every value are there, but there is no memory to
  // run in.
  bool plan_only = false;
};

// Movable. Refers to the graph's weights: the graph must outlive it, unchanged.
class Engine {
 public:
  static Result<Engine> Create(const Graph& graph, const EngineOptions& options);

  // Every value of the outermost graph, by ValueId: shape, dtype, dynamic (its size depends on
  // data), and where known, its values.
  const Tensor& value(ValueId v) const;
  // Not with plan_only: inputs are written through session().input(i).data.
  Session& session() { return *parts_->session; }
  Status Run();
  // The runtime's message for a status, with names.
  Status Explain(pare::Status status) const;

 private:
  struct Parts {
    const Graph* graph = nullptr;
    flatbuffers::DetachedBuffer metadata;
    std::vector<const void*> weights;
    std::vector<Bytes> copies;  // of weights that are not aligned
    std::unique_ptr<Model> model;
    std::unique_ptr<Session> session;
    std::unique_ptr<Arena> arena;
    Plan* plan = nullptr;
    Bytes memory;
  };
  std::unique_ptr<Parts> parts_;
};

}  // namespace pare::converter
