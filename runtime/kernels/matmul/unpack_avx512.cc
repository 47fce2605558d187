#include <immintrin.h>

#include "runtime/kernels/matmul/matmul.h"
#include "runtime/layout/nf4.h"

namespace pare {
namespace {

constexpr size_t kLanes = 16;
using Vec = float __attribute__((vector_size(64)));
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

inline Vec Levels(Lanes index) {
  return _mm512_maskz_permutexvar_ps(0xffff, (__m512i)index, _mm512_loadu_ps(kNf4Levels));
}

#include "runtime/kernels/matmul/unpack_low.inc"

}  // namespace

PARE_UNPACK_KERNELS(avx512)

}  // namespace pare
