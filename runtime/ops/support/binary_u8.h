// Sums, products and extremes of quantized operands.
#pragma once

#include "runtime/kernels/elementwise/binary.h"
#include "runtime/ops/op.h"

namespace pare {

Status CheckBinaryU8(const NodeView& node);
// The numbers that kernels need; after CheckBinaryU8.
BinaryQuant MakeBinaryQuant(const NodeView& node);

}  // namespace pare
