// What LayerNorm and RmsNorm share: statistics over the axes [axis, rank).
#pragma once

#include "runtime/kernels/norm/norm.h"
#include "runtime/ops/op.h"

namespace pare {

struct RowNormState {
  const NormTable* kernels;
};

// Inputs x, [scale], [bias]; outputs y, [mean], [inverse standard deviation].
Status InferRowNorm(const NodeView& node, int64_t axis);
Status PlanRowNorm(PlanContext& context);
Status RunRowNorm(const RunContext& context, int64_t axis, float epsilon,
                  void (*kernel)(const NormArgs&));

}  // namespace pare
