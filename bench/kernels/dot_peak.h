// What this core can do at most in products of 8-bit integers, measured.
#pragma once

#include <cstddef>

namespace pare::bench {

// GOPS (two operations a product) of one thread, with the instructions that HostCpu() allows: dot
// products of four bytes, or products of 16 bits where the instruction set has no such thing.
double DotPeak();
// The same in a moment, with the clock as it is: wide instructions lower it.
double DotPeakNow();

// `rounds` times kSums instructions that do not wait for each other; returns the products. *sink
// changes.
using DotFn = double(size_t rounds, int* sink);
DotFn DotRounds_scalar, DotRounds_avx2, DotRounds_avxvnni, DotRounds_avx512vnni, DotRounds_neon,
    DotRounds_neondot;

}  // namespace pare::bench
