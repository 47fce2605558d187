#include "runtime/kernels/resize/resize.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_FAMILY Resize
#include "runtime/kernels/level_tables.inc"

const ResizeTable& SelectResize(uint32_t cpu) {
  return *FindBest(cpu, [](const Table& table) { return &table; });
}

}  // namespace pare
