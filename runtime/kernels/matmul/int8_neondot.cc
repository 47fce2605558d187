#include <arm_neon.h>

#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

#include "runtime/kernels/matmul/int8_neon.inc"

using Four = int8x16_t;
using Cell = int8x16_t;

inline Four Broadcast(const uint8_t* p) {
  uint32_t x;
  __builtin_memcpy(&x, p, sizeof x);
  return vreinterpretq_s8_u32(vdupq_n_u32(x ^ 0x80808080u));
}
inline Cell LoadCell(const int8_t* p) { return vld1q_s8(p); }
inline Ints Dot(Ints sum, Four a, Cell w) { return (Ints)vdotq_s32((int32x4_t)sum, w, a); }

// The body builds on these: keep the order.
#include "runtime/kernels/matmul/matmul_int8.inc"

}  // namespace

void matmul_qu8_qs8t16_6x16_neondot(const MatmulArgs& args) { Run<1, 6, 1, kLeastOf<6>>(args); }
void matmul_qu8_qs8t16_1x32_neondot(const MatmulArgs& args) { Run<1, 1, 2, 1>(args); }

}  // namespace pare
