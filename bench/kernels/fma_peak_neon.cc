#include "bench/kernels/fma_peak.h"

static constexpr size_t kLanes = 4, kSums = 24;
#define PARE_FMA_ROUNDS FmaRounds_neon

#include "bench/kernels/fma_peak.inc"
