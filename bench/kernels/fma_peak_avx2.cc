#include "bench/kernels/fma_peak.h"

static constexpr size_t kLanes = 8, kSums = 12;
#define PARE_FMA_ROUNDS FmaRounds_avx2

#include "bench/kernels/fma_peak.inc"
