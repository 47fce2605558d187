// A pointwise convolution and the depthwise one that reads its result, computed together: each
// thread makes the rows that a piece of the output reads, and then that piece. What lies between
// the two is the largest value of a mobile network; so it never exists whole, and its pieces stay
// in the second cache.
#pragma once

#include <cstdint>

#include "runtime/ops/op.h"
#include "runtime/ops/support/conv_geometry.h"

namespace pare {

// OpDef::join of Conv.
uint64_t JoinConv(const RunContext& step, const RunContext& before, size_t threads);
// run of the depthwise convolution `g` with context.before.
Status RunConvPair(const ConvGeometry& g, const RunContext& context);

}  // namespace pare
