#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {
namespace {

#include "runtime/kernels/lanes_neon.inc"

constexpr bool kMasks = false;

#include "runtime/kernels/depthwise/depthwise_f32.inc"

}  // namespace

void depthwise_f32_f32_f32_8x4_neon(const DepthwiseArgs& args) { Run(args); }

}  // namespace pare
