#include "bench/kernels/dot_peak.h"

#include "bench/kernels/peak.h"

namespace pare::bench {
namespace {

// Best first.
constexpr PeakLevel<int> kLevels[] = {
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

}  // namespace

double DotPeak() {
  static const double peak = MeasurePeak(kLevels, 3, kPeakRepeats);
  return peak;
}

double DotPeakNow() { return MeasurePeak(kLevels, 3, 2); }

}  // namespace pare::bench
