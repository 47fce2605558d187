#include <immintrin.h>

#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {
namespace {

#include "runtime/kernels/depthwise/int8_avx.inc"

constexpr size_t kCell = 128;

inline void Interleave(const uint8_t* const* rows, size_t n, char* cell) {
  const Lanes lanes = Lanes4(rows, n);
#pragma GCC unroll 4
  for (size_t v = 0; v < 4; ++v) StoreCell(cell + 32 * v, lanes.v[v]);
}
inline void PrepareWeights(const char* lanes, char* cell) { __builtin_memcpy(cell, lanes, kCell); }

// GCC 12 copies the accumulator of the intrinsic in an unrolled tile, which halves the speed.
inline void Dot(Ints* sum, const char* column, const char* cell) {
#pragma GCC unroll 4
  for (size_t v = 0; v < 4; ++v) {
    const __m256i a = LoadCell(column + 32 * v), w = LoadCell(cell + 32 * v);
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum[v]) : "x"(a), "x"(w));
  }
}

// The body builds on these: keep the order.
#include "runtime/kernels/depthwise/depthwise_int8.inc"

}  // namespace

void depthwise_qu8_qs8_x32_avxvnni(const DepthwiseInt8Args& args) { Run(args); }

}  // namespace pare
