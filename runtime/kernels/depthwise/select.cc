#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {

#define PARE_DEPTHWISE(pixels, channels, isa) \
  DepthwiseFn depthwise_f32_f32_f32_##pixels##x##channels##_##isa;
#include "runtime/kernels/depthwise/kernels.inc"
#undef PARE_DEPTHWISE
#define PARE_DEPTHWISE_INT8(channels, cell, cost, isa) \
  DepthwiseInt8Fn depthwise_qu8_qs8_x##channels##_##isa;
#include "runtime/kernels/depthwise/kernels.inc"
#undef PARE_DEPTHWISE_INT8

namespace {

// Names that rows of kernels.inc use.
constexpr CpuMask scalar = kCpuScalar;
[[maybe_unused]] constexpr CpuMask avx2 = kCpuAvx2, avx512 = kCpuAvx2 | kCpuAvx512,
                                   avxvnni = kCpuAvx2 | kCpuAvxVnni,
                                   avx512vnni = avx512 | kCpuAvx512Vnni, neon = kCpuNeon,
                                   neondot = kCpuNeon | kCpuNeonDot;

constexpr DepthwiseKernel kDepthwise[] = {
#define PARE_DEPTHWISE(pixels, channels, isa)                                      \
  {"depthwise_f32_f32_f32_" #pixels "x" #channels "_" #isa, isa, pixels, channels, \
   depthwise_f32_f32_f32_##pixels##x##channels##_##isa},
#include "runtime/kernels/depthwise/kernels.inc"
#undef PARE_DEPTHWISE
};
constexpr DepthwiseInt8Kernel kDepthwiseInt8[] = {
#define PARE_DEPTHWISE_INT8(channels, cell, cost, isa)                  \
  {"depthwise_qu8_qs8_x" #channels "_" #isa, isa, channels, cell, cost, \
   depthwise_qu8_qs8_x##channels##_##isa},
#include "runtime/kernels/depthwise/kernels.inc"
#undef PARE_DEPTHWISE_INT8
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

const DepthwiseInt8Kernel* SelectDepthwiseInt8(CpuMask cpu, size_t channels) {
  const DepthwiseInt8Kernel* best = nullptr;
  size_t least = 0;
  for (const DepthwiseInt8Kernel& k : kDepthwiseInt8) {
    if ((k.needs & ~cpu) != 0) continue;
    const size_t cost = (channels + k.channels - 1) / k.channels * k.cost;
    if (best != nullptr && cost >= least) continue;
    best = &k;
    least = cost;
  }
  return best;
}

const DepthwiseInt8Kernel* DepthwiseInt8Kernels(size_t* count) {
  *count = sizeof kDepthwiseInt8 / sizeof *kDepthwiseInt8;
  return kDepthwiseInt8;
}

}  // namespace pare
