#include "runtime/kernels/transpose/transpose.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_FAMILY Transpose
#include "runtime/kernels/level_tables.inc"

TransposeFn SelectTranspose(size_t bytes, uint32_t cpu) {
  if (bytes == 0 || bytes > 8 || (bytes & (bytes - 1)) != 0) return nullptr;
  const int index = __builtin_ctz(static_cast<unsigned>(bytes));
  return FindBest(cpu, [index](const Table& table) { return table.functions[index]; });
}

}  // namespace pare
