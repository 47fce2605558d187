#include "runtime/ops/support/conv_points.h"

namespace pare {

void PointConv(const ConvGeometry& g, const float* x, const float* zeros, size_t row, size_t count,
               const float** pointers, size_t pixel_stride, size_t tap_stride) {
  PixelWalk at(g, row);
  for (size_t i = 0; i < count; ++i, at.Next()) {
    const float** out = pointers + i * pixel_stride;
    const float* image = x + at.b * static_cast<int64_t>(g.InPixels()) * g.channels;
    int64_t first[kSpatial];
    for (int d = 0; d < kSpatial; ++d) first[d] = at.y[d] * g.stride[d] - g.pad[d];
    for (int64_t kz = 0; kz < g.kernel[0]; ++kz) {
      const int64_t z = first[0] + kz * g.dilation[0];
      for (int64_t ky = 0; ky < g.kernel[1]; ++ky) {
        const int64_t y = first[1] + ky * g.dilation[1];
        const bool inside = z >= 0 && z < g.in[0] && y >= 0 && y < g.in[1];
        const float* line = image + (z * g.in[1] + y) * g.in[2] * g.channels;
        for (int64_t kx = 0, xx = first[2]; kx < g.kernel[2]; ++kx, xx += g.dilation[2]) {
          *out = inside && xx >= 0 && xx < g.in[2] ? line + xx * g.channels : zeros;
          out += tap_stride;
        }
      }
    }
  }
}

}  // namespace pare
