#include "runtime/kernels/quantize/quantize.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_LEVEL(suffix, name, needs) extern const QuantizeTable kQuantizeTable##name;
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL

const QuantizeTable& SelectQuantize(uint32_t cpu) {
#define PARE_LEVEL(suffix, name, needs) \
  if ((cpu & (needs)) == (needs)) return kQuantizeTable##name;
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL
  return kQuantizeTableScalar;
}

}  // namespace pare
