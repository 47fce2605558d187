// The best of many short measurements of a loop that only computes.
#pragma once

#include <chrono>
#include <cstddef>

#include "runtime/kernels/cpu.h"

namespace pare::bench {

// A loop for an instruction set: runs `rounds`, returns how many products that were, changes *sink.
template <class Sink>
struct PeakLevel {
  CpuMask needs;
  double (*run)(size_t rounds, Sink* sink);
};

// Long enough for the clock to settle.
inline constexpr int kPeakRepeats = 300;

// Two operations a product, in 1e9 a second, of the first of the levels (best first) that HostCpu()
// allows. The best of `repeats` counts.
template <class Sink, size_t count>
double MeasurePeak(const PeakLevel<Sink> (&levels)[count], Sink sink, int repeats) {
  constexpr size_t kRounds = 10000;
  for (const PeakLevel<Sink>& level : levels) {
    if ((level.needs & ~HostCpu()) != 0) continue;
    double best = 0;
    for (int i = 0; i < repeats; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const double products = level.run(kRounds, &sink);
      const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
      const double rate = 2e-9 * products / time.count();
      if (rate > best) best = rate;
    }
    return best;
  }
  return 0;
}

}  // namespace pare::bench
