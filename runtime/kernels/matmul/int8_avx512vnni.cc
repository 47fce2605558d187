#include <immintrin.h>

#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

#include "runtime/kernels/matmul/int8_avx512.inc"

// The body builds on these: keep the order.
#include "runtime/kernels/matmul/matmul_int8.inc"

}  // namespace

void matmul_qu8_qs8t16_32x48_avx512vnni(const MatmulArgs& args) { Run<4, 8, 3, kLeastOf<8>>(args); }
void matmul_qu8_qs8t16_24x64_avx512vnni(const MatmulArgs& args) { Run<4, 6, 4, kLeastOf<6>>(args); }
void matmul_qu8_qs8t16_1x64_avx512vnni(const MatmulArgs& args) { Run<1, 1, 4, 1>(args); }

}  // namespace pare
