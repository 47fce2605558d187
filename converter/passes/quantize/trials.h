// A quantized graph as it would come out, to compare ways to it: a copy of the graph is quantized
// and run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "converter/passes/pass.h"
#include "converter/passes/quantize/quantization.h"

namespace pare::converter {

struct Trial {
  std::vector<LayerRecord> layers;
  double snr_db;  // of the worst output; infinity where no layer was encoded
};

class Trials {
 public:
  using Ranges = std::map<ValueId, QuantParams>;
  using Choices = std::map<std::string, LayerChoice>;

  // Runs the graph on a few of the calibration samples. Both must outlive the trials.
  static Result<Trials> Create(const Graph& graph, const Options& options);

  // With those ranges and choices in place of the options' own.
  Result<Trial> Try(const Ranges& ranges, const Choices& choices) const;

 private:
  Trials(const Graph& graph, const Options& options) : graph_(&graph), options_(&options) {}
  Result<double> WorstSnr(const Graph& graph) const;

  const Graph* graph_;
  const Options* options_;
  std::vector<Sample> samples_;
  std::vector<std::vector<double>> reference_;  // each output of each sample
};

}  // namespace pare::converter
