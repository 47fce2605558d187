#include "runtime/kernels/softmax/softmax.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_FAMILY Softmax
#include "runtime/kernels/level_tables.inc"

const SoftmaxTable& SelectSoftmax(uint32_t cpu) {
  return *FindBest(cpu, [](const Table& table) { return &table; });
}

}  // namespace pare
