// Weights as int8, a scale for each row.
#pragma once

#include <string>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"
#include "converter/quantize/scales.h"

namespace pare::converter {

struct Int8Rows {
  std::vector<int8_t> q;      // row-major, in [-127, 127]
  std::vector<float> scales;  // of each row
};

// scale = the row's largest magnitude / 127; with `per_tensor` the largest of all rows. All methods
// but kAbsMax clip it where that errs less. A row that lies on such a grid already (the weight came
// quantized) keeps its integers and its scale.
Int8Rows QuantizeRows(const float* rows, int64_t n, int64_t k, bool per_tensor,
                      ScaleMethod method = ScaleMethod::kAbsMax);

// Whether row[k] is scale * q with integers q in [-127, 127]; sets both.
bool FindGrid(const float* row, int64_t k, float* scale, int8_t* q);

// kCorrupt, naming the layer, where a number is NaN or infinite.
Status CheckFinite(const Weight& weight, const std::string& layer);

// The plain f32 weight [n, k...] in `layout`; `transpose`: it is [k, n]. `alpha` multiplies it.
Weight Int8Weight(const Weight& weight, Layout layout, bool transpose, float alpha, bool per_tensor,
                  ScaleMethod method = ScaleMethod::kAbsMax);

// The same where every row lies on a grid of integers from -128 to 127, without rounding; otherwise
// false. -128 becomes -127: kernels add two products with u8 in 16 bits. *clamped counts these.
bool ExactInt8Weight(const Weight& weight, Layout layout, bool transpose, float alpha,
                     Weight* result, int64_t* clamped);

}  // namespace pare::converter
