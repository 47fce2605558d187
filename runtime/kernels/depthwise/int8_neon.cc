#include <arm_neon.h>

#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {
namespace {

#include "runtime/kernels/depthwise/int8_neon.inc"

// A cell holds its four rows one after the other: products of 16 bits need no interleaving.
inline void Interleave(const uint8_t* const* rows, size_t n, char* cell) {
  for (size_t r = 0; r < 4; ++r)
    vst1q_s8(reinterpret_cast<int8_t*>(cell) + 16 * r, LoadSigned(rows[r], n));
}
inline void PrepareWeights(const char* lanes, char* cell) {
  const int8x16x4_t rows = vld4q_s8(Signed(lanes));
  for (size_t r = 0; r < 4; ++r) vst1q_s8(reinterpret_cast<int8_t*>(cell) + 16 * r, rows.val[r]);
}
// Two products of a channel fit into 16 bits: weights are at least -127.
inline void Dot(Ints* sum, const char* column, const char* cell) {
#pragma GCC unroll 2
  for (size_t half = 0; half < 2; ++half) {
    const int8_t *a = Signed(column) + 8 * half, *w = Signed(cell) + 8 * half;
    const int16x8_t low =
        vmlal_s8(vmull_s8(vld1_s8(a), vld1_s8(w)), vld1_s8(a + 16), vld1_s8(w + 16));
    const int16x8_t high =
        vmlal_s8(vmull_s8(vld1_s8(a + 32), vld1_s8(w + 32)), vld1_s8(a + 48), vld1_s8(w + 48));
    int32x4_t first = vaddw_s16((int32x4_t)sum[2 * half], vget_low_s16(low));
    int32x4_t second = vaddw_s16((int32x4_t)sum[2 * half + 1], vget_high_s16(low));
    first = vaddw_s16(first, vget_low_s16(high));
    second = vaddw_s16(second, vget_high_s16(high));
    sum[2 * half] = (Ints)first;
    sum[2 * half + 1] = (Ints)second;
  }
}

// The body builds on these: keep the order.
#include "runtime/kernels/depthwise/depthwise_int8.inc"

}  // namespace

void depthwise_qu8_qs8_x16_neon(const DepthwiseInt8Args& args) { Run(args); }

}  // namespace pare
