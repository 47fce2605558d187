// Convolutions of quantized x with Int8Depthwise16 filters: one filter a channel.
#pragma once

#include "runtime/kernels/elementwise/unary.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/conv_geometry.h"

namespace pare {

Status PlanDepthwiseInt8(const ConvGeometry& g, const ActivationParams& activation,
                         PlanContext& context);
Status RunDepthwiseInt8(const ConvGeometry& g, const RunContext& context);

}  // namespace pare
