#include <arm_neon.h>

#include "bench/kernels/dot_peak.h"

using Vec = int __attribute__((vector_size(16)));
static inline void Dot(Vec* sum, Vec a, Vec b) {
  const int16x8_t products = vmull_s8(vget_low_s8((int8x16_t)a), vget_low_s8((int8x16_t)b));
  *sum = (Vec)vpadalq_s16((int32x4_t)*sum, products);
}
static constexpr size_t kSums = 12, kProducts = 8;
#define PARE_DOT_ROUNDS DotRounds_neon

#include "bench/kernels/dot_peak.inc"
