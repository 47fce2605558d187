// Weights in 4-bit integers: rounds to the nearest, a scale (and a minimum) for each group.
#pragma once

#include "converter/ir/graph.h"
#include "converter/ir/status.h"

namespace pare::converter {

// Packs row-major rows[n][k...] into one of Int4* (the scale that errs least of two: the largest
// magnitude as -8, or as 7) or Uint4* (the range from the least to the largest in 15 steps). An
// error where the group does not divide k, or a value is not finite or too large for a
// half-precision scale. The weight has no name.
Result<Weight> QuantizeInt4(const float* rows, const Shape& shape, Layout layout);

}  // namespace pare::converter
