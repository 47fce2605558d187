#include <immintrin.h>

#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {
namespace {

constexpr size_t kLanes = 8;
using Vec = float __attribute__((vector_size(32)));

inline __m256i FirstLanes(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline Vec LoadFirst(const float* p, size_t n) { return _mm256_maskload_ps(p, FirstLanes(n)); }
inline void StoreFirst(float* p, size_t n, Vec v) { _mm256_maskstore_ps(p, FirstLanes(n), v); }

constexpr bool kMasks = false;

#include "runtime/kernels/depthwise/depthwise_f32.inc"

}  // namespace

void depthwise_f32_f32_f32_8x8_avx2(const DepthwiseArgs& args) { Run(args); }

}  // namespace pare
