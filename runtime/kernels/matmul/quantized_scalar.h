// The last step of quantized results as MatmulQuant says it, for the scalar kernels: the truth that
// the others are tested against.
#pragma once

#include "runtime/kernels/matmul/matmul.h"

namespace pare {

// `exact`: the sum of the products. `addend`: a code, or null.
inline uint8_t QuantizedScalar(const MatmulQuant& q, int32_t exact, float scale, float bias,
                               const uint8_t* addend) {
  float y = __builtin_fmaf(static_cast<float>(exact), scale * q.ratio, bias * q.inverse);
  if (addend != nullptr)
    y = __builtin_fmaf(static_cast<float>(*addend - q.addend_zero), q.addend_ratio, y);
  y = y > q.lower ? y : q.lower;  // NaN has a code too
  y = y < q.upper ? y : q.upper;
  return static_cast<uint8_t>(static_cast<int32_t>(__builtin_nearbyintf(y)) + q.zero);
}

}  // namespace pare
