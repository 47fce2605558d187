#include <immintrin.h>

#include "runtime/kernels/elementwise/lookup.h"

namespace pare {
namespace {

using V = __m256i;

inline V Load(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const V*>(p)); }
inline void Store(uint8_t* p, V v) { _mm256_storeu_si256(reinterpret_cast<V*>(p), v); }
inline V Repeat(const uint8_t* p) {
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(p)));
}
inline V Shuffle(V part, V index) { return _mm256_shuffle_epi8(part, index); }
inline V Less(V index) { return _mm256_sub_epi8(index, _mm256_set1_epi8(16)); }
inline V LessSaturated(V index) { return _mm256_subs_epi8(index, _mm256_set1_epi8(16)); }
inline V Xor(V a, V b) { return _mm256_xor_si256(a, b); }

// The body builds on these: keep the order.
#include "runtime/kernels/elementwise/lookup_u8.inc"

}  // namespace

extern const LookUpTable kLookUpTableAvx2;
const LookUpTable kLookUpTableAvx2 = {LookUp};

}  // namespace pare
