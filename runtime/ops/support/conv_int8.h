// Convolutions of quantized x with Int8T16 or Int8Depthwise16 filters, to quantized or f32 y.
#pragma once

#include "runtime/kernels/elementwise/unary.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/conv_geometry.h"

namespace pare {

Status InferConvInt8(const ConvGeometry& g, const NodeView& node);
Status PlanConvInt8(const ConvGeometry& g, const ActivationParams& activation,
                    PlanContext& context);
Status RunConvInt8(const ConvGeometry& g, const RunContext& context);

}  // namespace pare
