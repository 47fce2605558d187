// Row pointers of convolutions: where each tap of an output pixel reads its input.
#pragma once

#include <cstddef>

#include "runtime/ops/support/conv_geometry.h"

namespace pare {

// An output pixel, counted through [batch, out...].
struct PixelPosition {
  // `row` = ((b * out[0] + y[0]) * out[1] + y[1]) * out[2] + y[2].
  PixelPosition(const ConvGeometry& g, size_t row) {
    auto rest = static_cast<int64_t>(row);
    for (int i = kSpatial - 1; i >= 0; --i) {
      y[i] = rest % g.out[i];
      rest /= g.out[i];
    }
    b = rest;
  }
  int64_t b, y[kSpatial];
};

// Calls f(at, first, n) for each piece [first, first + n) of output pixels [row, row + count) that
// lies in one line of the output; `at` is its first pixel.
template <class F>
void ForEachLine(const ConvGeometry& g, size_t row, size_t count, const F& f) {
  for (size_t done = 0; done < count;) {
    const PixelPosition at(g, row + done);
    const auto left = static_cast<size_t>(g.out[2] - at.y[2]);
    const size_t n = left < count - done ? left : count - done;
    f(at, done, n);
    done += n;
  }
}

// The input line that kernel line `t` (depth * height) reads for the output line of `at`, or null
// where it lies outside. T: an element of x.
template <class T>
const T* LineOf(const ConvGeometry& g, const T* x, const PixelPosition& at, int64_t t) {
  const int64_t z = at.y[0] * g.stride[0] - g.pad[0] + t / g.kernel[1] * g.dilation[0];
  const int64_t y = at.y[1] * g.stride[1] - g.pad[1] + t % g.kernel[1] * g.dilation[1];
  if (z < 0 || z >= g.in[0] || y < 0 || y >= g.in[1]) return nullptr;
  return x + ((at.b * g.in[0] + z) * g.in[1] + y) * g.in[2] * g.channels;
}

// pointers[i * stride] for i < n: position from + i * step of an input line, or `zeros` outside it
// and where the line is null.
template <class T, class P>
void PointLine(const ConvGeometry& g, const T* line, const T* zeros, int64_t from, int64_t step,
               size_t n, P* pointers, size_t stride) {
  const auto position = [&](size_t i) { return from + static_cast<int64_t>(i) * step; };
  // [begin, end) are inside.
  size_t begin = 0, end = line == nullptr ? 0 : n;
  while (begin < end && position(begin) < 0) ++begin;
  while (begin < end && position(end - 1) >= g.in[2]) --end;
  for (size_t i = 0; i < begin; ++i) pointers[i * stride] = zeros;
  const T* pixel = line == nullptr ? zeros : line + position(begin) * g.channels;
  for (size_t i = begin; i < end; ++i, pixel += step * g.channels) pointers[i * stride] = pixel;
  for (size_t i = end; i < n; ++i) pointers[i * stride] = zeros;
}

// Writes what taps outside x read: the values of `padding` channel after channel, or zeros where it
// is null, `count` floats in all.
void FillPadding(const Tensor* padding, float* out, size_t count);
// The codes of a quantized x that stand for them.
void FillPadding(const Tensor* padding, const Tensor& x, uint8_t* out, size_t count);

// Pointers of output pixels [row, row + count) of a convolution over x: that of pixel i and tap t
// goes to pointers[i * pixel_stride + t * tap_stride]. Taps outside the input read `zeros`. T:
// float or uint8_t; P: const T* or const void*.
template <class T, class P>
void PointConv(const ConvGeometry& g, const T* x, const T* zeros, size_t row, size_t count,
               P* pointers, size_t pixel_stride, size_t tap_stride);

}  // namespace pare
