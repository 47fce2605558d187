#include <immintrin.h>

#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

#include "runtime/kernels/lanes_avx512.inc"
using Ints = int32_t __attribute__((vector_size(64)));
using Four = __m512i;
using Cell = __m512i;
constexpr int32_t kShift = 0;

inline Ints LoadBytes(const uint8_t* p, size_t n) {
  return (Ints)_mm512_maskz_cvtepu8_epi32(0xffff, _mm_maskz_loadu_epi8(FirstLanes(n), p));
}
inline void StoreBytes(uint8_t* p, size_t n, Ints v) {
  _mm512_mask_cvtepi32_storeu_epi8(p, FirstLanes(n), (__m512i)v);
}
inline Vec Fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
inline Ints ToInts(Vec x) { return (Ints)_mm512_maskz_cvtps_epi32(0xffff, x); }

inline Four Broadcast(const uint8_t* p) {
  int32_t x;
  __builtin_memcpy(&x, p, sizeof x);
  return _mm512_set1_epi32(x);
}
inline Cell LoadCell(const int8_t* p) { return _mm512_load_si512(p); }
// GCC 12 copies the accumulator of the intrinsic in an unrolled tile, which halves the speed.
inline Ints Dot(Ints sum, Four a, Cell w) {
  __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(w));
  return sum;
}

#include "runtime/kernels/matmul/matmul_int8.inc"

}  // namespace

void matmul_qu8_qs8t16_8x48_avx512vnni(const MatmulArgs& args) { Run<8, 3, 4>(args); }
void matmul_qu8_qs8t16_6x64_avx512vnni(const MatmulArgs& args) { Run<6, 4, 4>(args); }
void matmul_qu8_qs8t16_1x64_avx512vnni(const MatmulArgs& args) { Run<1, 4, 1>(args); }

}  // namespace pare
