#include <immintrin.h>

#include "runtime/kernels/transpose/transpose.h"

namespace pare {
namespace {

#include "runtime/kernels/transpose/lanes128.inc"

// Elements of 4 and 8 bytes.
struct WideLanes {
  typedef __m256i V;
  static PARE_INLINE V Load(const char* p, ptrdiff_t step) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + step));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
  }
  static PARE_INLINE void Store(char* p, V v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
  }
  template <size_t bytes>
  static PARE_INLINE V ZipLow(V a, V b) {
    if constexpr (bytes == 4) return _mm256_unpacklo_epi32(a, b);
    return _mm256_unpacklo_epi64(a, b);
  }
  template <size_t bytes>
  static PARE_INLINE V ZipHigh(V a, V b) {
    if constexpr (bytes == 4) return _mm256_unpackhi_epi32(a, b);
    return _mm256_unpackhi_epi64(a, b);
  }
};

#include "runtime/kernels/transpose/transpose_bytes.inc"

}  // namespace

extern const TransposeTable kTransposeTableAvx2;
const TransposeTable kTransposeTableAvx2 = {{nullptr, nullptr, Transpose<4>, Transpose<8>}};

}  // namespace pare
