#include <immintrin.h>

#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {
namespace {

constexpr size_t kChannels = 64, kPixels = 4, kCell = 256;
using Vec = float __attribute__((vector_size(64)));
using Ints = int32_t __attribute__((vector_size(64)));
constexpr int32_t kShift = 0;

using Part = __mmask64;
inline Part PartOf(size_t n) { return ~0ull >> (64 - n); }
inline __m512i LoadBytes(const uint8_t* p, Part n) { return _mm512_maskz_loadu_epi8(n, p); }

inline void Interleave(const uint8_t* const* rows, Part n, char* cell) {
  const __m512i a = LoadBytes(rows[0], n), b = LoadBytes(rows[1], n);
  const __m512i c = LoadBytes(rows[2], n), d = LoadBytes(rows[3], n);
  const __m512i ab0 = _mm512_unpacklo_epi8(a, b), ab1 = _mm512_unpackhi_epi8(a, b);
  const __m512i cd0 = _mm512_unpacklo_epi8(c, d), cd1 = _mm512_unpackhi_epi8(c, d);
  _mm512_store_si512(cell, _mm512_unpacklo_epi16(ab0, cd0));
  _mm512_store_si512(cell + 64, _mm512_unpackhi_epi16(ab0, cd0));
  _mm512_store_si512(cell + 128, _mm512_unpacklo_epi16(ab1, cd1));
  _mm512_store_si512(cell + 192, _mm512_unpackhi_epi16(ab1, cd1));
}
inline void PrepareWeights(const char* lanes, char* cell) { __builtin_memcpy(cell, lanes, kCell); }

// GCC 12 copies the accumulator of the intrinsic in an unrolled tile, which halves the speed.
inline void Dot(Ints* sum, const char* column, const char* cell) {
#pragma GCC unroll 4
  for (size_t v = 0; v < 4; ++v) {
    const __m512i a = _mm512_load_si512(column + 64 * v), w = _mm512_load_si512(cell + 64 * v);
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum[v]) : "v"(a), "v"(w));
  }
}

inline Vec Fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
inline void Expand(const uint8_t* p, Part n, Ints* x) {
  const __m512i zero = _mm512_setzero_si512(), bytes = LoadBytes(p, n);
  const __m512i low = _mm512_unpacklo_epi8(bytes, zero), high = _mm512_unpackhi_epi8(bytes, zero);
  x[0] = (Ints)_mm512_unpacklo_epi16(low, zero);
  x[1] = (Ints)_mm512_unpackhi_epi16(low, zero);
  x[2] = (Ints)_mm512_unpacklo_epi16(high, zero);
  x[3] = (Ints)_mm512_unpackhi_epi16(high, zero);
}
// Packing saturates: only too large a number for 32 bits needs its bound before that.
inline void Round(const Vec* y, const MatmulQuant& q, uint8_t* p, Part n) {
  const __m512 upper = _mm512_set1_ps(q.upper);
  __m512i whole[4];
#pragma GCC unroll 4
  for (size_t v = 0; v < 4; ++v)
    whole[v] = _mm512_maskz_cvtps_epi32(0xffff, _mm512_maskz_min_ps(0xffff, y[v], upper));
  const __m512i zero = _mm512_set1_epi16(static_cast<int16_t>(q.zero));
  const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(whole[0], whole[1]), zero);
  const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(whole[2], whole[3]), zero);
  const __m512i least = _mm512_set1_epi8(static_cast<char>(static_cast<int32_t>(q.lower) + q.zero));
  _mm512_mask_storeu_epi8(p, n, _mm512_max_epu8(_mm512_packus_epi16(low, high), least));
}

// The body builds on these: keep the order.
#include "runtime/kernels/depthwise/depthwise_int8.inc"

}  // namespace

void depthwise_qu8_qs8_x64_avx512vnni(const DepthwiseInt8Args& args) { Run(args); }

}  // namespace pare
