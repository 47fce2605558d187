#include <immintrin.h>

#include "runtime/kernels/transpose/transpose.h"

namespace pare {
namespace {

#include "runtime/kernels/transpose/lanes128.inc"

// Elements of 4 and 8 bytes. The masks keep GCC 12 from a false warning in its own header.
struct WideLanes {
  typedef __m512i V;
  static PARE_INLINE V Load(const char* p, ptrdiff_t step) {
    const auto lane = [&](ptrdiff_t i) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i * step));
    };
    V v = _mm512_castsi128_si512(lane(0));
    v = _mm512_inserti32x4(v, lane(1), 1);
    v = _mm512_inserti32x4(v, lane(2), 2);
    return _mm512_inserti32x4(v, lane(3), 3);
  }
  static PARE_INLINE void Store(char* p, V v) { _mm512_storeu_si512(p, v); }
  template <size_t bytes>
  static PARE_INLINE V ZipLow(V a, V b) {
    if constexpr (bytes == 4) return _mm512_maskz_unpacklo_epi32(0xffff, a, b);
    return _mm512_maskz_unpacklo_epi64(0xff, a, b);
  }
  template <size_t bytes>
  static PARE_INLINE V ZipHigh(V a, V b) {
    if constexpr (bytes == 4) return _mm512_maskz_unpackhi_epi32(0xffff, a, b);
    return _mm512_maskz_unpackhi_epi64(0xff, a, b);
  }
};

#include "runtime/kernels/transpose/transpose_bytes.inc"

}  // namespace

extern const TransposeTable kTransposeTableAvx512;
const TransposeTable kTransposeTableAvx512 = {{nullptr, nullptr, Transpose<4>, Transpose<8>}};

}  // namespace pare
