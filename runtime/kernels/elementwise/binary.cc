#include "runtime/kernels/elementwise/binary.h"

#include "runtime/kernels/cpu.h"
#include "runtime/kernels/elementwise/binary_portable.h"

namespace pare {

#define PARE_FAMILY Binary
#include "runtime/kernels/level_tables.inc"

BinaryFn SelectBinary(uint8_t kind, BinaryType type, uint32_t cpu) {
  if (kind >= kBinaryKinds) return nullptr;
  if (type == BinaryType::kF32 && kind < 10) {
    const BinaryFn best =
        FindBest(cpu, [kind](const Table& table) { return table.functions[kind]; });
    if (best != nullptr) return best;
  }
  return kPortableBinary.types[static_cast<int>(type)].functions[kind];
}

}  // namespace pare
