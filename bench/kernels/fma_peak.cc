#include "bench/kernels/fma_peak.h"

#include "bench/kernels/peak.h"

namespace pare::bench {
namespace {

// Best first.
constexpr PeakLevel<float> kLevels[] = {
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

}  // namespace

double FmaPeak() {
  static const double peak = MeasurePeak(kLevels, 0.5f, kPeakRepeats);
  return peak;
}

double FmaPeakNow() { return MeasurePeak(kLevels, 0.5f, 2); }

}  // namespace pare::bench
