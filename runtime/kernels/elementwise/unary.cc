#include "runtime/kernels/elementwise/unary.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_FAMILY Unary
#include "runtime/kernels/level_tables.inc"
extern const UnaryTable kUnaryTableLibm;

UnaryFn SelectUnary(uint8_t kind, uint32_t cpu) {
  if (kind >= kUnaryKinds) return nullptr;
  const UnaryFn best = FindBest(cpu, [kind](const Table& table) { return table.functions[kind]; });
  return best != nullptr ? best : kUnaryTableLibm.functions[kind];
}

}  // namespace pare
