// Depthwise: micro-kernels of convolutions with one filter a channel. Contract; PODs only.
//
//   c[i][j] = clamp(sum over lines and taps (x[line][i * step + tap][j] * w[j][line][tap]) +
//   bias[j] + addend[i][j])
//
// Neighbouring pixels share columns of x where step < width: a kernel reads them once.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "runtime/kernels/cpu.h"

namespace pare {

// Kernels compute so many pixels together.
inline constexpr size_t kDepthwisePixels = 8;

struct DepthwiseArgs {
  // x[line * line_stride + i * step + tap]: `channels` floats that a tap of pixel i reads. There
  // for whole tiles: `pixels` rounded up to kDepthwisePixels.
  const float* const* x;
  size_t line_stride;
  size_t lines, width;  // of the window; width taps a line
  size_t step;          // columns from a pixel to the next
  size_t pixels, channels;
  const float* w;  // Depthwise16 (runtime/layout/layout.h) of lines * width taps
  float* c;        // pixel i: c + i * c_stride
  size_t c_stride;
  const float* bias;    // or null
  const float* addend;  // as c, rows addend_stride apart; or null; may be c
  size_t addend_stride;
  float lower, upper;  // -inf, inf: no clamp
};
using DepthwiseFn = void(const DepthwiseArgs& args);

struct DepthwiseKernel {
  const char* name;  // depthwise_f32_f32_f32_<pixels>x<channels>_<isa>
  CpuMask needs;
  uint8_t pixels, channels;  // of the inner tile; the kernel takes any number of both
  DepthwiseFn* run;
};

// The best kernel; there is one on every machine.
const DepthwiseKernel* SelectDepthwise(CpuMask cpu);
// Every row that this build has, best first, for tests and benchmarks.
const DepthwiseKernel* DepthwiseKernels(size_t* count);

}  // namespace pare
