#include "runtime/ops/support/conv_points.h"

namespace pare {

void PointConv(const ConvGeometry& g, const float* x, const float* zeros, size_t row, size_t count,
               const float** pointers, size_t pixel_stride, size_t tap_stride) {
  PixelWalk at(g, row);
  const int64_t step = g.dilation[2] * g.channels, width = (g.kernel[2] - 1) * g.dilation[2];
  for (size_t i = 0; i < count; ++i, at.Next()) {
    const float** out = pointers + i * pixel_stride;
    const float* image = x + at.b * static_cast<int64_t>(g.InPixels()) * g.channels;
    const int64_t left = at.y[2] * g.stride[2] - g.pad[2];
    const bool whole = left >= 0 && left + width < g.in[2];
    for (int64_t kz = 0, z = at.y[0] * g.stride[0] - g.pad[0]; kz < g.kernel[0];
         ++kz, z += g.dilation[0]) {
      for (int64_t ky = 0, y = at.y[1] * g.stride[1] - g.pad[1]; ky < g.kernel[1];
           ++ky, y += g.dilation[1]) {
        const bool inside = z >= 0 && z < g.in[0] && y >= 0 && y < g.in[1];
        const int64_t first = ((z * g.in[1] + y) * g.in[2] + left) * g.channels;
        if (inside && whole) {
          const float* pixel = image + first;
          for (int64_t kx = 0; kx < g.kernel[2]; ++kx, pixel += step, out += tap_stride)
            *out = pixel;
          continue;
        }
        for (int64_t kx = 0, xx = left; kx < g.kernel[2];
             ++kx, xx += g.dilation[2], out += tap_stride)
          *out = inside && xx >= 0 && xx < g.in[2] ? image + first + kx * step : zeros;
      }
    }
  }
}

}  // namespace pare
