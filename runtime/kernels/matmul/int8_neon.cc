#include <arm_neon.h>

#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

#include "runtime/kernels/matmul/dot_neon.inc"
#include "runtime/kernels/matmul/int8_neon.inc"

using Four = int8x8_t;
using Cell = int8x16_t;

inline Four Broadcast(const uint8_t* p) {
  uint32_t x;
  __builtin_memcpy(&x, p, sizeof x);
  return vreinterpret_s8_u32(vdup_n_u32(x ^ 0x80808080u));
}
inline Cell LoadCell(const int8_t* p) { return vld1q_s8(p); }
inline Ints Dot(Ints sum, Four a, Cell w) { return (Ints)DotOfPairs((int32x4_t)sum, a, w); }

// The body builds on these: keep the order.
#include "runtime/kernels/matmul/matmul_int8.inc"

}  // namespace

void matmul_qu8_qs8t16_3x16_neon(const MatmulArgs& args) { Run<1, 3, 1, 3>(args); }
void matmul_qu8_qs8t16_1x16_neon(const MatmulArgs& args) { Run<1, 1, 1, 1>(args); }

}  // namespace pare
