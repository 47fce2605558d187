// Transposes of matrices of elements of 1, 2, 4 or 8 bytes.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pare {

// y[c][r] = x[r][c] for r < rows, c < cols. Strides count bytes; elements of a row of x, and of y,
// lie back to back. x and y must not overlap.
struct TransposeArgs {
  const void* x;
  void* y;
  size_t rows, cols;
  ptrdiff_t x_stride, y_stride;
};
using TransposeFn = void (*)(const TransposeArgs& args);

// The function for elements of `bytes` bytes (1, 2, 4, 8), or null.
TransposeFn SelectTranspose(size_t bytes, uint32_t cpu);

// Indexed by the logarithm of the element's size; null where an instruction set adds nothing.
struct TransposeTable {
  TransposeFn functions[4];
};

}  // namespace pare
