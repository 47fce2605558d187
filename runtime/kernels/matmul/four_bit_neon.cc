#include <arm_neon.h>

#include "runtime/kernels/matmul/matmul.h"
#include "runtime/layout/nf4.h"

namespace pare {
namespace {

// The bodies build on each other: keep the order.
#include "runtime/kernels/matmul/int8_neon.inc"

// Products of 16 bits, summed in pairs to 32, and those in pairs again.
inline Ints Dot(Ints sum, int8x16_t x, int8x16_t w) {
  const int8x8_t four = vget_low_s8(x);
  const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(w), four));
  const int32x4_t high = vpaddlq_s16(vmull_s8(vget_high_s8(w), four));
  const int32x4_t sums = vcombine_s32(vpadd_s32(vget_low_s32(low), vget_high_s32(low)),
                                      vpadd_s32(vget_low_s32(high), vget_high_s32(high)));
  return sum + (Ints)sums;
}

#include "runtime/kernels/matmul/four_bit_neon.inc"

inline Vec Levels(Lanes index) {
  return Vec{kNf4Levels[index[0]], kNf4Levels[index[1]], kNf4Levels[index[2]],
             kNf4Levels[index[3]]};
}

#include "runtime/kernels/matmul/matmul_4bit.inc"
#include "runtime/kernels/matmul/unpack_low.inc"

}  // namespace

PARE_4BIT_KERNELS(3, 16, 1, 16, 1, neon)
PARE_UNPACK_KERNELS(neon)

}  // namespace pare
