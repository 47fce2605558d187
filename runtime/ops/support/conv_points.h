// Row pointers of convolutions: where each tap of an output pixel reads its input.
#pragma once

#include <cstddef>

#include "runtime/ops/support/conv_geometry.h"

namespace pare {

// An output pixel, counted through [batch, out...].
struct PixelWalk {
  // `row` = ((b * out[0] + y[0]) * out[1] + y[1]) * out[2] + y[2].
  PixelWalk(const ConvGeometry& g, size_t row) : g_(g) {
    auto rest = static_cast<int64_t>(row);
    for (int i = kSpatial - 1; i >= 0; --i) {
      y[i] = rest % g.out[i];
      rest /= g.out[i];
    }
    b = rest;
  }
  void Next() {
    for (int i = kSpatial - 1; i >= 0; --i) {
      if (++y[i] < g_.out[i]) return;
      y[i] = 0;
    }
    ++b;
  }
  int64_t b, y[kSpatial];

 private:
  const ConvGeometry& g_;
};

// Pointers of output pixels [row, row + count) of a convolution over x: that of pixel i and tap t
// goes to pointers[i * pixel_stride + t * tap_stride]. Taps outside the input read `zeros`.
void PointConv(const ConvGeometry& g, const float* x, const float* zeros, size_t row, size_t count,
               const float** pointers, size_t pixel_stride, size_t tap_stride);

}  // namespace pare
