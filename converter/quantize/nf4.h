// Weights in 4-bit NormalFloat with double-quantized scales, as QLoRA has it (Dettmers et al.,
// 2023).
#pragma once

#include "converter/ir/graph.h"
#include "converter/ir/status.h"

namespace pare::converter {

// Packs row-major rows[n][k...] into Nf4G64: the largest magnitude of each group of 64 becomes its
// scale, 256 scales share a range of 8 bits, and each value gets the nearest level of what its
// scale then is. An error where 64 does not divide k or a value is not finite. The weight has no
// name.
Result<Weight> QuantizeNf4(const float* rows, const Shape& shape);

}  // namespace pare::converter
