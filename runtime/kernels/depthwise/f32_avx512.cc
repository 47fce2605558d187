#include <immintrin.h>

#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {
namespace {

#include "runtime/kernels/lanes_avx512.inc"

constexpr bool kMasks = true;

#include "runtime/kernels/depthwise/depthwise_f32.inc"

}  // namespace

void depthwise_f32_f32_f32_8x16_avx512(const DepthwiseArgs& args) { Run(args); }

}  // namespace pare
