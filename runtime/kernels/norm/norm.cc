#include "runtime/kernels/norm/norm.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_LEVEL(suffix, name, needs) extern const NormTable kNormTable##name;
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL

const NormTable& SelectNorm(uint32_t cpu) {
#define PARE_LEVEL(suffix, name, needs) \
  if ((cpu & (needs)) == (needs)) return kNormTable##name;
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL
  return kNormTableScalar;
}

}  // namespace pare
