#include "bench/kernels/dot_peak.h"

#include <chrono>

#include "runtime/kernels/cpu.h"

namespace pare::bench {
namespace {

struct Level {
  CpuMask needs;
  DotFn* run;
};

// Best first.
constexpr Level kLevels[] = {
#if PARE_HAVE_avx512vnni
    {kCpuAvx512Vnni, DotRounds_avx512vnni},
#endif
#if PARE_HAVE_avxvnni
    {kCpuAvxVnni, DotRounds_avxvnni},
#endif
#if PARE_HAVE_avx2
    {kCpuAvx2, DotRounds_avx2},
#endif
#if PARE_HAVE_neondot
    {kCpuNeonDot, DotRounds_neondot},
#endif
#if PARE_HAVE_neon
    {kCpuNeon, DotRounds_neon},
#endif
    {kCpuScalar, DotRounds_scalar},
};

double Measure(DotFn* run) {
  constexpr size_t kRounds = 10000;
  constexpr int kRepeats = 300;  // long enough for the clock to settle; the best one counts
  double best = 0;
  int sink = 3;
  for (int i = 0; i < kRepeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const double products = run(kRounds, &sink);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    const double gops = 2e-9 * products / time.count();
    if (gops > best) best = gops;
  }
  return best;
}

}  // namespace

double DotPeak() {
  static const double peak = [] {
    for (const Level& level : kLevels) {
      if ((level.needs & ~HostCpu()) == 0) return Measure(level.run);
    }
    return 0.0;
  }();
  return peak;
}

}  // namespace pare::bench
