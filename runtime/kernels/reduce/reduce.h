// Reductions of rows and of columns into an accumulator.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "built_kinds.h"

namespace pare {

// What is accumulated; the other reductions are made of these. kSumSquare and kSumExp are of
// x - offset where an offset is given (floats only).
enum class ReduceCore : uint8_t { kSum, kSumAbs, kSumSquare, kSumExp, kMax, kMin, kProd };
inline constexpr int kReduceCores = 7;

// What each fb::ReduceKind accumulates; LogSumExp looks for the largest element first.
inline constexpr int kReduceKinds = 10;
inline constexpr ReduceCore kCoreOf[kReduceKinds] = {
    ReduceCore::kSum,  ReduceCore::kSum,    ReduceCore::kMax,       ReduceCore::kMin,
    ReduceCore::kProd, ReduceCore::kSumAbs, ReduceCore::kSumSquare, ReduceCore::kSumSquare,
    ReduceCore::kSum,  ReduceCore::kSumExp};
constexpr bool IsBuilt(ReduceCore core) {
  for (int i = 0; i < kReduceKinds; ++i) {
    const bool needs =
        kCoreOf[i] == core || (kCoreOf[i] == ReduceCore::kSumExp && core == ReduceCore::kMax);
    if (needs && HasKind(kBuiltReduceKinds, i)) return true;
  }
  return false;
}

struct ReduceFns {
  // *acc = combine(*acc, x[0..n)). offset: one value, or null for 0.
  void (*row)(const void* x, size_t n, const void* offset, void* acc);
  // acc[c] = combine(acc[c], x[0..rows)[c]) for c < n. `stride` elements from row to row. offset: n
  // values, or null.
  void (*columns)(const void* x, size_t rows, size_t stride, size_t n, const void* offset,
                  void* acc);
};

enum class ReduceType : uint8_t { kF32, kI32, kI64 };
// For the best instruction set of `cpu`; members are null where the type has no such reduction or
// it is not built.
ReduceFns SelectReduce(ReduceCore core, ReduceType type, uint32_t cpu);

// The float functions of an instruction set, by ReduceCore; null where it has none of its own.
struct ReduceTable {
  ReduceFns functions[kReduceCores];
};
// Without the cores that are not built: nothing refers to their functions then.
constexpr ReduceTable OnlyBuilt(ReduceTable table) {
  for (int i = 0; i < kReduceCores; ++i) {
    if (!IsBuilt(static_cast<ReduceCore>(i))) table.functions[i] = {nullptr, nullptr};
  }
  return table;
}

}  // namespace pare
