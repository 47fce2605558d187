#include "runtime/kernels/cpu.h"
#include "runtime/kernels/elementwise/binary.h"

namespace pare {

#define PARE_FAMILY BinaryU8
#include "runtime/kernels/level_tables.inc"

BinaryFn SelectBinaryU8(uint8_t kind, uint32_t cpu) {
  const Table& table = *FindBest(cpu, [](const Table& found) { return &found; });
  switch (kind) {
    case 0:
    case 1: return table.sum;
    case 2: return table.product;
    case 7: return table.min;
    case 8: return table.max;
    default: return nullptr;
  }
}

}  // namespace pare
