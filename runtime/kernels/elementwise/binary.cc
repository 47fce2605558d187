#include "runtime/kernels/elementwise/binary.h"

#include "runtime/kernels/cpu.h"
#include "runtime/kernels/elementwise/binary_portable.h"

namespace pare {

#define PARE_LEVEL(suffix, name, needs) extern const BinaryTable kBinaryTable##name;
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL

BinaryFn SelectBinary(uint8_t kind, BinaryType type, uint32_t cpu) {
  struct Level {
    const BinaryTable* table;
    CpuMask needs;
  };
  static constexpr Level kLevels[] = {
#define PARE_LEVEL(suffix, name, needs) {&kBinaryTable##name, needs},
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL
  };
  if (kind >= kBinaryKinds) return nullptr;
  if (type == BinaryType::kF32 && kind < 10) {
    for (const Level& level : kLevels) {
      if ((cpu & level.needs) != level.needs) continue;
      if (BinaryFn function = level.table->functions[kind]) return function;
    }
  }
  return kPortableBinary.functions[static_cast<int>(type)][kind];
}

}  // namespace pare
