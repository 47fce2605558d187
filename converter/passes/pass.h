// Passes: each turns a graph that could be run into one that is smaller or faster and computes the
// same. pipeline.cc lists them in order; after each the structure is checked.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"

namespace pare::converter {

enum class WeightFormat { kF32, kF16 };

struct Options {
  WeightFormat weights = WeightFormat::kF32;
  std::set<std::string> disabled;  // names of passes that are left out
  // Told of what is odd but no error. May be empty.
  std::function<void(const std::string&)> warn;
  // Called before each pass, for progress: name, index, count. May be empty.
  std::function<void(const char*, int, int)> progress;
};

struct Pass {
  const char* name;
  const char* help;  // what it does, for `pare convert --list-passes`
  Status (*run)(Graph&, const Options&);
  bool in_bodies;  // also runs on every body of control flow
};

struct PassRecord {
  const char* name;
  double milliseconds;
  size_t nodes_before, nodes_after;  // bodies included
};

// The passes, in the order in which they run.
const std::vector<Pass>& Pipeline();

// Runs every pass of the pipeline that is not disabled. kNotFound where a name in
// `options.disabled` is no pass; kInternal where a pass breaks the graph.
Status RunPipeline(Graph& graph, const Options& options, std::vector<PassRecord>* records);

// Nodes of the graph and all its bodies.
size_t CountNodes(const Graph& graph);

}  // namespace pare::converter
