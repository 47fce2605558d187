#include <immintrin.h>

#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

#include "runtime/kernels/matmul/int8_avx.inc"

// vpmaddubsw saturates, so products are of 16 bits: those of even bytes and those of odd ones.
struct Four {
  __m256i even, odd;
};
using Cell = Four;

inline Four Broadcast(const uint8_t* p) {
  int32_t x;
  __builtin_memcpy(&x, p, sizeof x);
  const __m256i bytes = _mm256_set1_epi32(x);
  return {_mm256_and_si256(bytes, _mm256_set1_epi16(0xff)), _mm256_srli_epi16(bytes, 8)};
}
inline Cell LoadCell(const int8_t* p) {
  const __m256i bytes = _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
  return {_mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8), _mm256_srai_epi16(bytes, 8)};
}
inline Ints Dot(Ints sum, const Four& a, const Cell& w) {
  sum += (Ints)_mm256_madd_epi16(a.even, w.even);
  return sum + (Ints)_mm256_madd_epi16(a.odd, w.odd);
}

// The body builds on these: keep the order.
#include "runtime/kernels/matmul/matmul_int8.inc"

}  // namespace

void matmul_qu8_qs8t16_4x16_avx2(const MatmulArgs& args) { Run<4, 1, 4>(args); }
void matmul_qu8_qs8t16_1x32_avx2(const MatmulArgs& args) { Run<1, 2, 1>(args); }

}  // namespace pare
