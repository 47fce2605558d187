#include "runtime/kernels/softmax/softmax.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_LEVEL(suffix, name, needs) extern const SoftmaxTable kSoftmaxTable##name;
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL

const SoftmaxTable& SelectSoftmax(uint32_t cpu) {
#define PARE_LEVEL(suffix, name, needs) \
  if ((cpu & (needs)) == (needs)) return kSoftmaxTable##name;
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL
  return kSoftmaxTableScalar;
}

}  // namespace pare
