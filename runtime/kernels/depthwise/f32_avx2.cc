#include <immintrin.h>

#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {
namespace {

#include "runtime/kernels/lanes_avx2.inc"

constexpr bool kMasks = false;

#include "runtime/kernels/depthwise/depthwise_f32.inc"

}  // namespace

void depthwise_f32_f32_f32_8x8_avx2(const DepthwiseArgs& args) { Run(args); }

}  // namespace pare
