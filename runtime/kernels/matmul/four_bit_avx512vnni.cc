#include <immintrin.h>

#include "runtime/kernels/matmul/matmul.h"
#include "runtime/layout/nf4.h"

namespace pare {
namespace {

constexpr size_t kTileSteps = 8;

#include "runtime/kernels/lanes_avx512.inc"
using Ints = int32_t __attribute__((vector_size(64)));

inline Vec Fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
inline Vec LoadHalves(const char* p) {
  return _mm512_maskz_cvtph_ps(0xffff, _mm256_load_si256(reinterpret_cast<const __m256i*>(p)));
}
inline Ints LoadCounts(const char* p) {
  return (Ints)_mm512_maskz_cvtepu8_epi32(0xffff,
                                          _mm_load_si128(reinterpret_cast<const __m128i*>(p)));
}

// The bodies build on what is above: keep the order.
#include "runtime/kernels/matmul/four_bit.inc"

// GCC 12 copies the accumulator of the intrinsic in an unrolled tile, which halves the speed.
inline Ints Dot(Ints sum, Bytes u, Ints s) {
  __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(u), "v"(s));
  return sum;
}
inline Bytes Shuffle(Bytes table, Bytes index) {
  return (Bytes)_mm512_shuffle_epi8((__m512i)table, (__m512i)index);
}
inline Bytes Sixteen(const uint8_t* p) {
  return (Bytes)_mm512_maskz_broadcast_i32x4(0xffff,
                                             _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}

#include "runtime/kernels/matmul/four_bit_vnni.inc"
#include "runtime/kernels/matmul/matmul_4bit.inc"

}  // namespace

PARE_4BIT_KERNELS(7, 32, 2, 64, 4, avx512vnni)

}  // namespace pare
