// Static int8 as it would come out, to compare ways to it: a copy of the graph is quantized and
// run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "converter/passes/pass.h"
#include "converter/passes/quantize/quantization.h"

namespace pare::converter {

class Trials {
 public:
  // Runs the graph on a few of the calibration samples. Both must outlive the trials.
  static Result<Trials> Create(const Graph& graph, const Options& options);

  // The SNR of the worst output, in dB, with those ranges, where the layers that make the values of
  // those names stay f32.
  Result<double> Snr(const std::map<ValueId, QuantParams>& params,
                     const std::vector<std::string>& kept) const;

 private:
  Trials(const Graph& graph, const Options& options) : graph_(&graph), options_(&options) {}

  const Graph* graph_;
  const Options* options_;
  std::vector<Sample> samples_;
  std::vector<std::vector<double>> reference_;  // each output of each sample
};

}  // namespace pare::converter
