#include "runtime/kernels/cpu.h"
#include "runtime/kernels/pool/pool.h"

namespace pare {

#define PARE_FAMILY PoolU8
#include "runtime/kernels/level_tables.inc"

const PoolU8Table& SelectPoolU8(uint32_t cpu) {
  return *FindBest(cpu, [](const Table& table) { return &table; });
}

}  // namespace pare
