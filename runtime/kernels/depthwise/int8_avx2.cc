#include <immintrin.h>

#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {
namespace {

#include "runtime/kernels/depthwise/int8_avx.inc"

// vpmaddubsw saturates, so products are of 16 bits: those of even rows, then those of odd ones.
constexpr size_t kCell = 256;

inline void Interleave(const uint8_t* const* rows, size_t n, char* cell) {
  const Lanes lanes = Lanes4(rows, n);
#pragma GCC unroll 4
  for (size_t v = 0; v < 4; ++v) {
    StoreCell(cell + 64 * v, _mm256_and_si256(lanes.v[v], _mm256_set1_epi16(0xff)));
    StoreCell(cell + 64 * v + 32, _mm256_srli_epi16(lanes.v[v], 8));
  }
}
inline void PrepareWeights(const char* lanes, char* cell) {
  for (size_t v = 0; v < 4; ++v) {
    const __m256i bytes = LoadCell(lanes + 32 * v);
    StoreCell(cell + 64 * v, _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8));
    StoreCell(cell + 64 * v + 32, _mm256_srai_epi16(bytes, 8));
  }
}
inline void Dot(Ints* sum, const char* column, const char* cell) {
#pragma GCC unroll 4
  for (size_t v = 0; v < 4; ++v) {
    const char *a = column + 64 * v, *w = cell + 64 * v;
    sum[v] += (Ints)_mm256_madd_epi16(LoadCell(a), LoadCell(w));
    sum[v] += (Ints)_mm256_madd_epi16(LoadCell(a + 32), LoadCell(w + 32));
  }
}

// The body builds on these: keep the order.
#include "runtime/kernels/depthwise/depthwise_int8.inc"

}  // namespace

void depthwise_qu8_qs8_x32_avx2(const DepthwiseInt8Args& args) { Run(args); }

}  // namespace pare
