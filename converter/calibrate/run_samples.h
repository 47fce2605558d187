// Runs a graph on calibration data and shows its values.
#pragma once

#include <functional>
#include <vector>

#include "converter/calibrate/dataset.h"
#include "converter/ir/graph.h"
#include "converter/ir/status.h"

namespace pare::converter {

// Is shown value `v` after each run, in the order of `values`.
using SeeValue = std::function<Status(ValueId v, const Tensor& tensor)>;

// Runs the graph once a sample. `values`: those that are shown, each made by a node or an input.
Status RunSamples(const Graph& graph, const std::vector<Sample>& samples,
                  const std::vector<ValueId>& values, const SeeValue& see);

// A graph that keeps its session from one sample to the next as long as sizes stay the same.
class SampleRunner {
 public:
  // All of `values` can be read after a run.
  SampleRunner(const Graph& graph, const std::vector<ValueId>& values);
  ~SampleRunner();
  Status Run(const Sample& sample);
  const Tensor& value(ValueId v) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace pare::converter
