// Between floats and quantized activations: q stands for scale * (q - zero).
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pare {

struct QuantizeTable {
  // y[i] = min(max(round(x[i] * inverse) + zero, 0), 255) for i < n, half to even. The same bytes
  // on every instruction set, but for NaN. 0 <= zero <= 255.
  void (*to_u8)(const float* x, uint8_t* y, size_t n, float inverse, int32_t zero);
  // y[i] = min(max(round(x[i] * inverse), -127), 127) for i < n, and of each `group` of them, a
  // multiple of 32 that divides n, terms = term * the sum. As to_u8.
  void (*to_i8)(const float* x, int8_t* y, size_t n, size_t group, float inverse, int32_t term,
                int32_t* terms);
  // y[i] = scale * (x[i] - zero).
  void (*from_u8)(const uint8_t* x, float* y, size_t n, float scale, int32_t zero);
  // The least and the largest of x and 0. NaN is passed over.
  void (*range)(const float* x, size_t n, float* least, float* largest);
};

// For the best instruction set of `cpu`.
const QuantizeTable& SelectQuantize(uint32_t cpu);

}  // namespace pare
