#include "runtime/kernels/resize/resize.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_LEVEL(suffix, name, needs) extern const ResizeTable kResizeTable##name;
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL

const ResizeTable& SelectResize(uint32_t cpu) {
#define PARE_LEVEL(suffix, name, needs) \
  if ((cpu & (needs)) == (needs)) return kResizeTable##name;
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL
  return kResizeTableScalar;
}

}  // namespace pare
