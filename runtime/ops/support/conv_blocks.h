// ConvTranspose whose windows neither overlap nor leave gaps: every input pixel becomes a block of
// output pixels. An input line times one line of the filters, a column for each filter and tap of
// it, is one whole output line. For few filters, which would fill a panel badly phase by phase.
#pragma once

#include "runtime/core/tensor.h"
#include "runtime/kernels/elementwise/unary.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/conv_geometry.h"

namespace pare {

// Whether this way fits the convolution and its weight.
bool IsBlocks(const ConvGeometry& g, const Tensor& w);
// plan and run of such a ConvTranspose.
Status PlanBlocks(const ConvGeometry& g, const ActivationParams& activation, PlanContext& context);
Status RunBlocks(const ConvGeometry& g, const RunContext& context);

}  // namespace pare
