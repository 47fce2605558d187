#include "bench/kernels/dot_peak.h"

using Vec = int __attribute__((vector_size(32)));
static inline void Dot(Vec* sum, Vec a, Vec b) {
  __asm__ volatile("%{vex%} vpdpbusd %2, %1, %0" : "+x"(*sum) : "x"(a), "x"(b));
}
static constexpr size_t kSums = 12, kProducts = 32;
#define PARE_DOT_ROUNDS DotRounds_avxvnni

#include "bench/kernels/dot_peak.inc"
