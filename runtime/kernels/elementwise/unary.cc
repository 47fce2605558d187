#include "runtime/kernels/elementwise/unary.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_LEVEL(suffix, name, needs) extern const UnaryTable kUnaryTable##name;
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL
extern const UnaryTable kUnaryTableLibm;

UnaryFn SelectUnary(uint8_t kind, uint32_t cpu) {
  struct Level {
    const UnaryTable* table;
    CpuMask needs;
  };
  static constexpr Level kLevels[] = {
#define PARE_LEVEL(suffix, name, needs) {&kUnaryTable##name, needs},
#include "runtime/kernels/vector_levels.inc"
#undef PARE_LEVEL
      {&kUnaryTableLibm, kCpuScalar},
  };
  if (kind >= kUnaryKinds) return nullptr;
  for (const Level& level : kLevels) {
    if ((cpu & level.needs) != level.needs) continue;
    if (UnaryFn function = level.table->functions[kind]) return function;
  }
  return nullptr;
}

}  // namespace pare
