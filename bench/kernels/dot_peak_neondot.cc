#include <arm_neon.h>

#include "bench/kernels/dot_peak.h"

using Vec = int __attribute__((vector_size(16)));
static inline void Dot(Vec* sum, Vec a, Vec b) {
  *sum = (Vec)vdotq_s32((int32x4_t)*sum, (int8x16_t)a, (int8x16_t)b);
}
static constexpr size_t kSums = 24, kProducts = 16;
#define PARE_DOT_ROUNDS DotRounds_neondot

#include "bench/kernels/dot_peak.inc"
