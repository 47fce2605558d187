#include <arm_neon.h>

#include "runtime/kernels/matmul/matmul.h"
#include "runtime/layout/nf4.h"

namespace pare {
namespace {

constexpr size_t kTileSteps = 2;

// The bodies build on each other: keep the order.
#include "runtime/kernels/matmul/dot_neon.inc"
#include "runtime/kernels/matmul/int8_neon.inc"

inline Ints Dot(Ints sum, int8x16_t x, int8x16_t w) {
  return (Ints)DotOfPairs((int32x4_t)sum, vget_low_s8(x), w);
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
