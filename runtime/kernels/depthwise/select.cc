#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {

#define PARE_DEPTHWISE(pixels, channels, isa) \
  DepthwiseFn depthwise_f32_f32_f32_##pixels##x##channels##_##isa;
#include "runtime/kernels/depthwise/kernels.inc"
#undef PARE_DEPTHWISE

namespace {

// Names that rows of kernels.inc use.
constexpr CpuMask scalar = kCpuScalar;
[[maybe_unused]] constexpr CpuMask avx2 = kCpuAvx2, avx512 = kCpuAvx2 | kCpuAvx512, neon = kCpuNeon;

constexpr DepthwiseKernel kDepthwise[] = {
#define PARE_DEPTHWISE(pixels, channels, isa)                                      \
  {"depthwise_f32_f32_f32_" #pixels "x" #channels "_" #isa, isa, pixels, channels, \
   depthwise_f32_f32_f32_##pixels##x##channels##_##isa},
#include "runtime/kernels/depthwise/kernels.inc"
#undef PARE_DEPTHWISE
};

}  // namespace

const DepthwiseKernel* SelectDepthwise(CpuMask cpu) {
  for (const DepthwiseKernel& k : kDepthwise) {
    if ((k.needs & ~cpu) == 0) return &k;
  }
  return nullptr;
}

const DepthwiseKernel* DepthwiseKernels(size_t* count) {
  *count = sizeof kDepthwise / sizeof *kDepthwise;
  return kDepthwise;
}

}  // namespace pare
