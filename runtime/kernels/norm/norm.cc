#include "runtime/kernels/norm/norm.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_FAMILY Norm
#include "runtime/kernels/level_tables.inc"

const NormTable& SelectNorm(uint32_t cpu) {
  return *FindBest(cpu, [](const Table& table) { return &table; });
}

}  // namespace pare
