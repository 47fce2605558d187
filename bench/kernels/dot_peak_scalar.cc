#include "bench/kernels/dot_peak.h"

using Vec = int __attribute__((vector_size(16)));
static inline void Dot(Vec* sum, Vec a, Vec b) { (*sum)[0] += a[0] * b[0]; }
static constexpr size_t kSums = 4, kProducts = 1;
#define PARE_DOT_ROUNDS DotRounds_scalar

#include "bench/kernels/dot_peak.inc"
