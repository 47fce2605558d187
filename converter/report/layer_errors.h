// What quantization did to each layer, measured on calibration data.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"
#include "converter/passes/quantize/quantization.h"
#include "converter/report/fidelity.h"

namespace pare::converter {

struct LayerErrors {
  size_t samples = 0;                      // that were measured
  std::map<std::string, Fidelity> layers;  // by the name of the value that a layer makes
  std::vector<std::pair<std::string, Fidelity>> outputs;
};

// Runs both graphs on some of the samples and compares outputs and what each recorded layer makes.
Result<LayerErrors> MeasureLayers(const Graph& reference, const Graph& quantized,
                                  const Quantization& quantization);

}  // namespace pare::converter
