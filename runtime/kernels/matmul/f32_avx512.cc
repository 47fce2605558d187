#include <immintrin.h>

#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

#include "runtime/kernels/lanes_avx512.inc"
using Lanes = uint32_t __attribute__((vector_size(64)));

// The unmasked intrinsics warn of an uninitialized operand in GCC 12; the mask costs nothing.
inline Vec FromHalf(Lanes x) {
  const __mmask16 all = 0xffff;
  return _mm512_maskz_cvtph_ps(all, _mm512_maskz_cvtepi32_epi16(all, (__m512i)x));
}

#include "runtime/kernels/matmul/matmul_16bit.inc"

}  // namespace

void matmul_f32_f32_f32t16_6x64_avx512(const MatmulArgs& args) {
  Run<6, 4 * kVecs, PARE_FEWER_ROWS ? 5 : 6>(args);
}
void matmul_f32_f32_f32t16_8x48_avx512(const MatmulArgs& args) {
  Run<8, 3 * kVecs, PARE_FEWER_ROWS ? 6 : 8>(args);
}
void matmul_f32_f32_f32t16_1x64_avx512(const MatmulArgs& args) { Run<1, 4 * kVecs, 1>(args); }
void matmul_f32_f32_f16t16_1x32_avx512(const MatmulArgs& args) { RunRow<Half, 2>(args); }
void matmul_f32_f32_bf16t16_1x32_avx512(const MatmulArgs& args) { RunRow<Brain, 2>(args); }
void unpack_f32_f16t16_avx512(const void* panel, size_t k, size_t, void* dst) {
  Unpack<Half>(panel, k, dst);
}
void unpack_f32_bf16t16_avx512(const void* panel, size_t k, size_t, void* dst) {
  Unpack<Brain>(panel, k, dst);
}

}  // namespace pare
