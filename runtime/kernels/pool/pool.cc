#include "runtime/kernels/pool/pool.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_FAMILY Pool
#include "runtime/kernels/level_tables.inc"

const PoolTable& SelectPool(uint32_t cpu) {
  return *FindBest(cpu, [](const Table& table) { return &table; });
}

}  // namespace pare
