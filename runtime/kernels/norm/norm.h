// Normalizations of rows of floats, and the scale and shift of channels.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pare {

// Rows back to back, n elements each: y = (x - mean) / sqrt(variance + epsilon) * scale + bias.
// scale and bias have n elements or are null; y may be x. mean and inverse, where not null, receive
// a value a row.
struct NormArgs {
  const float* x;
  float* y;
  const float* scale;
  const float* bias;
  float* mean;
  float* inverse;
  size_t rows, n;
  float epsilon;
};

struct NormTable {
  void (*layer)(const NormArgs& args);
  // The same around zero instead of the mean: y = x / sqrt(mean of squares + epsilon) * scale.
  void (*rms)(const NormArgs& args);
  // y[r][c] = (x[r][c] - mean[c]) * scale[c] + bias[c]. y may be x.
  void (*channels)(const float* x, const float* mean, const float* scale, const float* bias,
                   float* y, size_t rows, size_t channels);
};

// For the best instruction set of `cpu`.
const NormTable& SelectNorm(uint32_t cpu);

}  // namespace pare
