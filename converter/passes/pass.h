// Passes: each turns a graph that could be run into one that is smaller or faster and computes the
// same. pipeline.cc lists them in order; after each the structure is checked.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"

namespace pare::converter {

class Dataset;        // calibrate/dataset.h
struct Quantization;  // passes/quantize/quantization.h

enum class WeightFormat { kF32, kF16 };

struct Options {
  WeightFormat weights = WeightFormat::kF32;
  // How far storing weights in fewer bits may move an output, as a share of its range. Weights that
  // would move it further stay f32. Half of what is promised of real inputs: those that it is
  // measured on are others. 0: no weight stays f32, nothing is measured.
  double max_error = 5e-4;
  // To measure it on, and the ranges of activations; f16 can do without: null.
  std::shared_ptr<const Dataset> calibration;
  // What the quantizing passes are to do, and what they say of it. RunPipeline makes one where
  // there is none.
  std::shared_ptr<Quantization> quantization;
  std::set<std::string> disabled;  // names of passes that are left out
  // Told of what is odd but no error. May be empty.
  std::function<void(const std::string&)> warn;
  // Progress: what is done, index, count. May be empty.
  std::function<void(const char*, int, int)> progress;
};

// Key of the graph's metadata under which --quantize f16 says what it did.
inline constexpr char kHalfNote[] = "pare.f16";

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
