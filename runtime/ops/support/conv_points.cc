#include "runtime/ops/support/conv_points.h"

#include <cstdint>

#include "runtime/ops/support/quantized.h"

namespace pare {

void FillPadding(const Tensor* padding, float* out, size_t count) {
  const int64_t channels = padding == nullptr ? 0 : padding->Elements();
  for (size_t i = 0; i < count; ++i)
    out[i] = channels == 0 ? 0 : padding->Data<float>()[i % static_cast<size_t>(channels)];
}

void FillPadding(const Tensor* padding, const Tensor& x, uint8_t* out, size_t count) {
  const auto channels = padding == nullptr ? 1 : static_cast<size_t>(padding->Elements());
  for (size_t i = 0; i < count; ++i) {
    const float real = padding == nullptr ? 0 : padding->Data<float>()[i % channels];
    out[i] = static_cast<uint8_t>(ElementBitsOf(x, real));
  }
}

template <class T, class P>
void PointConv(const ConvGeometry& g, const T* x, const T* zeros, size_t row, size_t count,
               P* pointers, size_t pixel_stride, size_t tap_stride) {
  ForEachLine(g, row, count, [&](const PixelPosition& at, size_t first, size_t n) {
    P* out = pointers + first * pixel_stride;
    for (int64_t t = 0; t < g.kernel[0] * g.kernel[1]; ++t) {
      const T* line = LineOf(g, x, at, t);
      for (int64_t kx = 0; kx < g.kernel[2]; ++kx, out += tap_stride) {
        const int64_t from = at.y[2] * g.stride[2] - g.pad[2] + kx * g.dilation[2];
        PointLine(g, line, zeros, from, g.stride[2], n, out, pixel_stride);
      }
    }
  });
}

template void PointConv(const ConvGeometry&, const float*, const float*, size_t, size_t,
                        const void**, size_t, size_t);
template void PointConv(const ConvGeometry&, const float*, const float*, size_t, size_t,
                        const float**, size_t, size_t);
template void PointConv(const ConvGeometry&, const uint8_t*, const uint8_t*, size_t, size_t,
                        const void**, size_t, size_t);
template void PointConv(const ConvGeometry&, const uint8_t*, const uint8_t*, size_t, size_t,
                        const uint8_t**, size_t, size_t);

}  // namespace pare
