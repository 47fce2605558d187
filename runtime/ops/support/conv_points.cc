#include "runtime/ops/support/conv_points.h"

namespace pare {

void PointConv(const ConvGeometry& g, const float* x, const float* zeros, size_t row, size_t count,
               const float** pointers, size_t pixel_stride, size_t tap_stride) {
  ForEachLine(g, row, count, [&](const PixelPosition& at, size_t first, size_t n) {
    const float** out = pointers + first * pixel_stride;
    const int64_t step = g.stride[2] * g.channels;
    for (int64_t t = 0; t < g.kernel[0] * g.kernel[1]; ++t) {
      const float* line = LineOf(g, x, at, t);
      for (int64_t kx = 0; kx < g.kernel[2]; ++kx, out += tap_stride) {
        int64_t from = at.y[2] * g.stride[2] - g.pad[2] + kx * g.dilation[2];
        const float* pixel = line == nullptr ? zeros : line + from * g.channels;
        for (size_t i = 0; i < n; ++i, from += g.stride[2], pixel += step) {
          const bool inside = line != nullptr && from >= 0 && from < g.in[2];
          out[i * pixel_stride] = inside ? pixel : zeros;
        }
      }
    }
  });
}

}  // namespace pare
