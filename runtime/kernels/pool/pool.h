// Pooling windows over channels-last images.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pare {

// `pixels` neighbouring output pixels whose windows have the same shape. Strides count elements.
struct PoolArgs {
  const void* x;   // the first tap of the first window
  void* y;         // [pixels, channels]
  size_t taps[3];  // of a window: outer to inner spatial dimension
  ptrdiff_t tap_stride[3];
  ptrdiff_t pixel_stride;  // from window to window
  size_t pixels, channels;
  float scale;             // average: what the sum is multiplied by
  int32_t x_zero, y_zero;  // average of u8: taken off each tap, added to the rounded result
};
using PoolFn = void (*)(const PoolArgs& args);

struct PoolTable {
  PoolFn max, average;
};

using PoolU8Table = PoolTable;

// For the best instruction set of `cpu`: of f32, of quantized u8. The latter give the same bytes on
// every instruction set, while a window has less than 2^23 taps.
const PoolTable& SelectPool(uint32_t cpu);
const PoolU8Table& SelectPoolU8(uint32_t cpu);

}  // namespace pare
