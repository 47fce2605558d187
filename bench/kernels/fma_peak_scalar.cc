#include "bench/kernels/fma_peak.h"

static constexpr size_t kLanes = 4, kSums = 8;
#define PARE_FMA_ROUNDS FmaRounds_scalar

#include "bench/kernels/fma_peak.inc"
