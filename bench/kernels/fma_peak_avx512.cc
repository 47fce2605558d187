#include "bench/kernels/fma_peak.h"

static constexpr size_t kLanes = 16, kSums = 24;
#define PARE_FMA_ROUNDS FmaRounds_avx512

#include "bench/kernels/fma_peak.inc"
