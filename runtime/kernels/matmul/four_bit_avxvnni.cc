#include <immintrin.h>

#include "runtime/kernels/matmul/matmul.h"
#include "runtime/layout/nf4.h"

namespace pare {
namespace {

constexpr size_t kTileSteps = 2;

#include "runtime/kernels/matmul/int8_avx.inc"
// These build on each other: keep the order.
#include "runtime/kernels/matmul/four_bit_avx.inc"

// GCC 12 copies the accumulator of the intrinsic in an unrolled tile, which halves the speed.
inline Ints Dot(Ints sum, Bytes u, Ints s) {
  __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(u), "x"(s));
  return sum;
}

#include "runtime/kernels/matmul/four_bit_vnni.inc"
#include "runtime/kernels/matmul/matmul_4bit.inc"

}  // namespace

PARE_4BIT_KERNELS(4, 16, 1, 32, 2, avxvnni)

}  // namespace pare
