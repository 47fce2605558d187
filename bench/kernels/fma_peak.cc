#include "bench/kernels/fma_peak.h"

#include <chrono>

#include "runtime/kernels/cpu.h"

namespace pare::bench {
namespace {

struct Level {
  CpuMask needs;
  FmaFn* run;
};

// Best first.
constexpr Level kLevels[] = {
#if PARE_HAVE_avx512
    {kCpuAvx512, FmaRounds_avx512},
#endif
#if PARE_HAVE_avx2
    {kCpuAvx2, FmaRounds_avx2},
#endif
#if PARE_HAVE_neon
    {kCpuNeon, FmaRounds_neon},
#endif
    {kCpuScalar, FmaRounds_scalar},
};

double Measure(FmaFn* run) {
  constexpr size_t kRounds = 10000;
  constexpr int kRepeats = 300;  // long enough for the clock to settle; the best one counts
  double best = 0;
  float sink = 0.5f;
  for (int i = 0; i < kRepeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const double products = run(kRounds, &sink);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    const double gflops = 2e-9 * products / time.count();
    if (gflops > best) best = gflops;
  }
  return sink == 0 ? 0 : best;
}

}  // namespace

double FmaPeak() {
  static const double peak = [] {
    for (const Level& level : kLevels) {
      if ((level.needs & ~HostCpu()) == 0) return Measure(level.run);
    }
    return 0.0;
  }();
  return peak;
}

}  // namespace pare::bench
