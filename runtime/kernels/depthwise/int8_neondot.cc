#include <arm_neon.h>

#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {
namespace {

#include "runtime/kernels/depthwise/int8_neon.inc"

inline void Interleave(const uint8_t* const* rows, size_t n, char* cell) {
  int8x16x4_t four;
  for (size_t r = 0; r < 4; ++r) four.val[r] = LoadSigned(rows[r], n);
  vst4q_s8(reinterpret_cast<int8_t*>(cell), four);
}
inline void PrepareWeights(const char* lanes, char* cell) { __builtin_memcpy(cell, lanes, kCell); }
inline void Dot(Ints* sum, const char* column, const char* cell) {
#pragma GCC unroll 4
  for (size_t v = 0; v < 4; ++v)
    sum[v] = (Ints)vdotq_s32((int32x4_t)sum[v], vld1q_s8(Signed(column) + 16 * v),
                             vld1q_s8(Signed(cell) + 16 * v));
}

// The body builds on these: keep the order.
#include "runtime/kernels/depthwise/depthwise_int8.inc"

}  // namespace

void depthwise_qu8_qs8_x16_neondot(const DepthwiseInt8Args& args) { Run(args); }

}  // namespace pare
