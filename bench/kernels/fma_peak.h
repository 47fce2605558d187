// How many multiply-adds a core can do: the bar that kernels are measured against.
#pragma once

#include <stddef.h>

namespace pare::bench {

// Runs `rounds` of independent multiply-adds that never leave registers; returns how many were done
// and makes *sink depend on them.
using FmaFn = double(size_t rounds, float* sink);

FmaFn FmaRounds_scalar, FmaRounds_avx2, FmaRounds_avx512, FmaRounds_neon;

// GFLOPS of the level that PARE_CPU allows, on one core; measured at the first call.
double FmaPeak();
// The same in a moment, with the clock as it is: wide instructions lower it.
double FmaPeakNow();

}  // namespace pare::bench
