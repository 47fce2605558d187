// Pooling windows over channels-last images.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pare {

// `pixels` neighbouring output pixels whose windows have the same shape. Strides count elements.
struct PoolArgs {
  const float* x;  // the first tap of the first window
  float* y;        // [pixels, channels]
  size_t taps[3];  // of a window: outer to inner spatial dimension
  ptrdiff_t tap_stride[3];
  ptrdiff_t pixel_stride;  // from window to window
  size_t pixels, channels;
  float scale;  // average: what the sum is multiplied by
};
using PoolFn = void (*)(const PoolArgs& args);

struct PoolTable {
  PoolFn max, average;
};

// For the best instruction set of `cpu`.
const PoolTable& SelectPool(uint32_t cpu);

}  // namespace pare
