// Weights in 4-bit integers: a scale (and a minimum) for each group.
#pragma once

#include "converter/ir/graph.h"
#include "converter/ir/status.h"
#include "converter/quantize/scales.h"

namespace pare::converter {

// Packs row-major rows[n][k...] into one of Int4* or Uint4*, each value as the nearest nibble. The
// scales: kAbsMax takes the one that errs least of two, the largest magnitude as -8 or as 7, or
// with minima the range from the least to the largest in 15 steps; kMse clips these ranges where
// that errs less and fits the scale to the nibbles; kHqq moves the minimum so that few large errors
// weigh less than many small ones. An error where the group does not divide k, or a value is not
// finite or too large for a half-precision scale. The weight has no name.
Result<Weight> QuantizeInt4(const float* rows, const Shape& shape, Layout layout,
                            ScaleMethod method = ScaleMethod::kAbsMax);

}  // namespace pare::converter
