// What the quantizers to 4 bits share.
#pragma once

#include "converter/ir/graph.h"
#include "converter/ir/status.h"

namespace pare::converter {

// A weight of that layout with zeroed bytes at *data, or why these rows cannot be one.
Result<Weight> MakeFourBit(const float* rows, const Shape& shape, Layout layout, std::byte** data);

}  // namespace pare::converter
