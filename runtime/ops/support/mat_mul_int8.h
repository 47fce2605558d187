// Matrix products with low-bit weights: of quantized a (Int8T16), of f32 a whose rows are quantized
// when the product runs, or of f32 a and what the weight decodes to.
#pragma once

#include <cstddef>

#include "runtime/ops/op.h"

namespace pare {

struct MatMulSize {
  size_t m, n, k;
};

Status InferMatMulInt8(const NodeView& node, size_t columns, const Shape& y);
Status PlanMatMulInt8(const MatMulSize& size, PlanContext& context);
Status RunMatMulInt8(const MatMulSize& size, const RunContext& context);

}  // namespace pare
