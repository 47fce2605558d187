#include "bench/kernels/dot_peak.h"

using Vec = int __attribute__((vector_size(32)));
static inline void Dot(Vec* sum, Vec a, Vec b) {
  Vec product;
  __asm__ volatile("vpmaddwd %3, %2, %1; vpaddd %1, %0, %0"
                   : "+x"(*sum), "=&x"(product)
                   : "x"(a), "x"(b));
}
static constexpr size_t kSums = 10, kProducts = 16;
#define PARE_DOT_ROUNDS DotRounds_avx2

#include "bench/kernels/dot_peak.inc"
