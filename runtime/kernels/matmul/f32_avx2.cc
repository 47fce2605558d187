#include <immintrin.h>

#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

#include "runtime/kernels/lanes_avx2.inc"
using Lanes = uint32_t __attribute__((vector_size(32)));

inline Vec FromHalf(Lanes x) {
  const auto y = (__m256i)x;
  return _mm256_cvtph_ps(
      _mm_packus_epi32(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1)));
}

#include "runtime/kernels/matmul/matmul_16bit.inc"

}  // namespace

void matmul_f32_f32_f32t16_6x16_avx2(const MatmulArgs& args) { Run<6, 1 * kVecs, 4>(args); }
void matmul_f32_f32_f32t16_4x24_avx2(const MatmulArgs& args) { Run<4, 3, 3>(args); }
void matmul_f32_f32_f32t16_1x64_avx2(const MatmulArgs& args) { Run<1, 4 * kVecs, 1>(args); }
void matmul_f32_f32_f16t16_1x32_avx2(const MatmulArgs& args) { RunRow<Half, 2>(args); }
void matmul_f32_f32_bf16t16_1x32_avx2(const MatmulArgs& args) { RunRow<Brain, 2>(args); }
void unpack_f32_f16t16_avx2(const void* panel, size_t k, size_t, void* dst) {
  Unpack<Half>(panel, k, dst);
}
void unpack_f32_bf16t16_avx2(const void* panel, size_t k, size_t, void* dst) {
  Unpack<Brain>(panel, k, dst);
}

}  // namespace pare
