// Depthwise: micro-kernels of convolutions with one filter a channel. Contract; PODs only.
//
//   c[i][j] = clamp(sum over taps (x[i][tap][j] * w[j][tap]) + bias[j] + addend[i][j])
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "runtime/kernels/cpu.h"

namespace pare {

struct DepthwiseArgs {
  const float* const* x;  // x[i * taps + t]: `channels` floats that tap t of pixel i reads
  size_t pixels, taps, channels;
  const float* w;  // Depthwise16 (runtime/layout/layout.h)
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
