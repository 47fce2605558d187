#include "runtime/kernels/elementwise/lookup.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_FAMILY LookUp
#include "runtime/kernels/level_tables.inc"

LookUpFn SelectLookUp(uint32_t cpu) {
  return FindBest(cpu, [](const Table& table) { return table.run; });
}

}  // namespace pare
