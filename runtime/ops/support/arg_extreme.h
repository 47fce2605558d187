// Where the largest or smallest element lies.
#pragma once

#include "runtime/core/tensor.h"

namespace pare {

struct ArgExtreme {
  int64_t n, stride;   // elements, and how far they are apart
  bool largest, last;  // last: of equal ones the last instead of the first
};

// The index in [0, n) of the extreme element of x[first + index * stride]; n is at least 1. The
// first NaN is more extreme than any number.
using ArgExtremeFn = int64_t (*)(const void* x, int64_t first, const ArgExtreme& options);

// For f32, i32 and i64; null for other types.
ArgExtremeFn SelectArgExtreme(DType dtype);

}  // namespace pare
