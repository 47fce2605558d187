#include "runtime/kernels/pool/pool.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_LEVEL(suffix, name, needs) extern const PoolTable kPoolTable##name;
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL

const PoolTable& SelectPool(uint32_t cpu) {
#define PARE_LEVEL(suffix, name, needs) \
  if ((cpu & (needs)) == (needs)) return kPoolTable##name;
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL
  return kPoolTableScalar;
}

}  // namespace pare
