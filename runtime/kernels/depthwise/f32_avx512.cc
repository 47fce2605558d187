#include <immintrin.h>

#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {
namespace {

constexpr size_t kLanes = 16;
using Vec = float __attribute__((vector_size(64)));

inline __mmask16 FirstLanes(size_t n) { return static_cast<__mmask16>((1u << n) - 1); }
inline Vec LoadFirst(const float* p, size_t n) { return _mm512_maskz_loadu_ps(FirstLanes(n), p); }
inline void StoreFirst(float* p, size_t n, Vec v) { _mm512_mask_storeu_ps(p, FirstLanes(n), v); }

constexpr bool kMasks = true;

#include "runtime/kernels/depthwise/depthwise_f32.inc"

}  // namespace

void depthwise_f32_f32_f32_8x16_avx512(const DepthwiseArgs& args) { Run(args); }

}  // namespace pare
