// Which operators may see quantized values.
#pragma once

#include <cstdint>

#include "runtime/ops/op.h"

namespace pare {

// After infer: kUnsupported where an operator that does not know quantized values has one as input
// or output, where one that moves elements would change their scale or zero point, or where a
// result that the file gives a scale is not of integers.
Status CheckQuantizedValues(uint8_t op, const NodeView& node);

}  // namespace pare
