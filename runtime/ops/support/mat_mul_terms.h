// What is added to a matrix product.
#pragma once

#include <cstddef>

#include "runtime/ops/op.h"

namespace pare {

// kShape where the bias [input 2] is not one value of `bias_type` a column, or the addend [input 3]
// not of the result's `type` and shape `y`.
Status CheckMatMulTerms(const NodeView& node, DType bias_type, DType type, size_t columns,
                        const Shape& y);

}  // namespace pare
