#include "runtime/kernels/transpose/transpose.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_LEVEL(suffix, name, needs) extern const TransposeTable kTransposeTable##name;
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL

TransposeFn SelectTranspose(size_t bytes, uint32_t cpu) {
  if (bytes == 0 || bytes > 8 || (bytes & (bytes - 1)) != 0) return nullptr;
  const int index = __builtin_ctz(static_cast<unsigned>(bytes));
#define PARE_LEVEL(suffix, name, needs)                           \
  if ((cpu & (needs)) == (needs)) {                               \
    const TransposeFn f = kTransposeTable##name.functions[index]; \
    if (f != nullptr) return f;                                   \
  }
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL
  return nullptr;
}

}  // namespace pare
