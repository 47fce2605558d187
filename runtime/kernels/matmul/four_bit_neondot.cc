#include <arm_neon.h>

#include "runtime/kernels/matmul/matmul.h"
#include "runtime/layout/nf4.h"

namespace pare {
namespace {

constexpr size_t kTileSteps = 2;

// The bodies build on each other: keep the order.
#include "runtime/kernels/matmul/int8_neon.inc"

inline Ints Dot(Ints sum, int8x16_t x, int8x16_t w) {
  return (Ints)vdotq_s32((int32x4_t)sum, w, x);
}

#include "runtime/kernels/matmul/four_bit_neon.inc"
#include "runtime/kernels/matmul/matmul_4bit.inc"

}  // namespace

PARE_4BIT_KERNELS(4, 16, 1, 16, 1, neondot)

}  // namespace pare
