// What quantization did to the speed of each layer, on this machine.
#pragma once

#include <map>
#include <string>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"
#include "converter/passes/quantize/quantization.h"

namespace pare::converter {

struct LayerTimes {
  struct Pair {
    double before = 0, after = 0;  // microseconds
  };
  std::string cpu;                     // the level of its kernels; empty: nothing was timed
  std::map<std::string, Pair> layers;  // by the name of the value that a layer makes
  Pair all;                            // of all nodes
};

// Runs both graphs in turns on one thread, on the calibration data's first sample or made-up
// inputs; of each node the least time counts, which other programs disturb least.
Result<LayerTimes> TimeLayers(const Graph& reference, const Graph& quantized,
                              const Quantization& quantization);

}  // namespace pare::converter
