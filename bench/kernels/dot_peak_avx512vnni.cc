#include "bench/kernels/dot_peak.h"

using Vec = int __attribute__((vector_size(64)));
static inline void Dot(Vec* sum, Vec a, Vec b) {
  __asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(*sum) : "v"(a), "v"(b));
}
static constexpr size_t kSums = 24, kProducts = 64;
#define PARE_DOT_ROUNDS DotRounds_avx512vnni

#include "bench/kernels/dot_peak.inc"
