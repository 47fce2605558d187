// Conv where every channel has one filter of its own.
#pragma once

#include "runtime/kernels/elementwise/unary.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/conv_geometry.h"

namespace pare {

// plan and run of such a Conv.
Status PlanDepthwise(const ConvGeometry& g, const ActivationParams& activation,
                     PlanContext& context);
Status RunDepthwise(const ConvGeometry& g, const RunContext& context);

}  // namespace pare
