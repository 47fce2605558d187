#include <immintrin.h>

#include "runtime/kernels/elementwise/lookup.h"

namespace pare {
namespace {

using V = __m512i;

inline V Load(const uint8_t* p) { return _mm512_loadu_si512(p); }
inline void Store(uint8_t* p, V v) { _mm512_storeu_si512(p, v); }
inline V Repeat(const uint8_t* p) {
  return _mm512_maskz_broadcast_i32x4(0xffff, _mm_load_si128(reinterpret_cast<const __m128i*>(p)));
}
inline V Shuffle(V part, V index) { return _mm512_shuffle_epi8(part, index); }
inline V Less(V index) { return _mm512_sub_epi8(index, _mm512_set1_epi8(16)); }
inline V LessSaturated(V index) { return _mm512_subs_epi8(index, _mm512_set1_epi8(16)); }
inline V Xor(V a, V b) { return _mm512_xor_si512(a, b); }

// The body builds on these: keep the order.
#include "runtime/kernels/elementwise/lookup_u8.inc"

}  // namespace

extern const LookUpTable kLookUpTableAvx512;
const LookUpTable kLookUpTableAvx512 = {LookUp};

}  // namespace pare
