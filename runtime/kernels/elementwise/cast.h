// Conversion between every two element types.
#pragma once

#include <stddef.h>

#include "runtime/core/dtype.h"

namespace pare {

// y[i] = x[i] as another type. Real numbers become integers by truncation; NaN becomes 0, what i32
// or a wider type cannot hold its nearest value; narrower integers keep the low bits, as integers
// of any width do. A bool is whether x[i] is not zero.
using CastFn = void (*)(DType from, DType to, const void* x, void* y, size_t n);

CastFn SelectCast(DType from, DType to);

}  // namespace pare
