#include <immintrin.h>

#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

#include "runtime/kernels/matmul/int8_avx.inc"

using Four = __m256i;
using Cell = __m256i;

inline Four Broadcast(const uint8_t* p) {
  int32_t x;
  __builtin_memcpy(&x, p, sizeof x);
  return _mm256_set1_epi32(x);
}
inline Cell LoadCell(const int8_t* p) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
}
// GCC 12 copies the accumulator of the intrinsic in an unrolled tile, which halves the speed.
inline Ints Dot(Ints sum, Four a, Cell w) {
  __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(a), "x"(w));
  return sum;
}

// The body builds on these: keep the order.
#include "runtime/kernels/matmul/matmul_int8.inc"

}  // namespace

void matmul_qu8_qs8t16_24x16_avxvnni(const MatmulArgs& args) { Run<4, 6, 1, kLeastOf<6>>(args); }
void matmul_qu8_qs8t16_1x32_avxvnni(const MatmulArgs& args) { Run<1, 1, 2, 1>(args); }

}  // namespace pare
