#include <arm_neon.h>

#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

#include "runtime/kernels/lanes_neon.inc"
using Lanes = uint32_t __attribute__((vector_size(16)));

inline Vec FromHalf(Lanes x) {
  return (Vec)vcvt_f32_f16(vreinterpret_f16_u16(vmovn_u32((uint32x4_t)x)));
}

#include "runtime/kernels/matmul/matmul_16bit.inc"

}  // namespace

void matmul_f32_f32_f32t16_6x16_neon(const MatmulArgs& args) { Run<6, 1 * kVecs, 4>(args); }
void matmul_f32_f32_f32t16_3x16_neon(const MatmulArgs& args) { Run<3, 1 * kVecs, 2>(args); }
void matmul_f32_f32_f32t16_1x32_neon(const MatmulArgs& args) { Run<1, 2 * kVecs, 1>(args); }
void matmul_f32_f32_f16t16_1x32_neon(const MatmulArgs& args) { RunRow<Half, 2>(args); }
void matmul_f32_f32_bf16t16_1x32_neon(const MatmulArgs& args) { RunRow<Brain, 2>(args); }
void unpack_f32_f16t16_neon(const void* panel, size_t k, size_t, void* dst) {
  Unpack<Half>(panel, k, dst);
}
void unpack_f32_bf16t16_neon(const void* panel, size_t k, size_t, void* dst) {
  Unpack<Brain>(panel, k, dst);
}

}  // namespace pare
