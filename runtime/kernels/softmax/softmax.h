// Softmax and its logarithm over rows and over columns of floats.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pare {

struct SoftmaxTable {
  // y[i] = exp(x[i]) / sum of exp(x), or its logarithm, for i < n. y may be x.
  void (*row)(const float* x, float* y, size_t n, bool log);
  // The same over the n rows of a matrix, for each of `columns` columns. `stride` elements lie
  // between neighbours of a column. y may be x.
  void (*columns)(const float* x, float* y, size_t n, size_t stride, size_t columns, bool log);
};

// For the best instruction set of `cpu`.
const SoftmaxTable& SelectSoftmax(uint32_t cpu);

}  // namespace pare
