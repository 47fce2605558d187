// Models that come quantized. Their importer leaves floats, with a Quantize and a Dequantize where
// the file rounds them (import/onnx/quantized.h); here operators read and make the integers between
// these pairs: scales, zero points and weights stay the file's own. What has no kernel for integers
// computes on floats between a Dequantize and a Quantize, as the file says.
#pragma once

#include "converter/passes/pass.h"

namespace pare::converter {

Status ImportQuantized(Graph& graph, const Options& options);

}  // namespace pare::converter
