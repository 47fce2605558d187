#include "runtime/kernels/reduce/reduce.h"

#include "runtime/kernels/cpu.h"

namespace pare {

#define PARE_FAMILY Reduce
#include "runtime/kernels/level_tables.inc"

namespace {

// Sums and products of integers wrap around.
template <class T, class U, ReduceCore core>
T Combined(T acc, T x) {
  const U a = static_cast<U>(acc), b = static_cast<U>(x);
  switch (core) {
    case ReduceCore::kSum: return static_cast<T>(a + b);
    case ReduceCore::kSumAbs: return static_cast<T>(a + (x < 0 ? U{0} - b : b));
    case ReduceCore::kSumSquare: return static_cast<T>(a + b * b);
    case ReduceCore::kMax: return x > acc ? x : acc;
    case ReduceCore::kMin: return x < acc ? x : acc;
    default: return static_cast<T>(a * b);
  }
}

template <class T, class U, ReduceCore core>
void Row(const void* data, size_t n, const void*, void* acc) {
  const T* x = static_cast<const T*>(data);
  T total = *static_cast<T*>(acc);
  for (size_t i = 0; i < n; ++i) total = Combined<T, U, core>(total, x[i]);
  *static_cast<T*>(acc) = total;
}

template <class T, class U, ReduceCore core>
void Columns(const void* data, size_t rows, size_t stride, size_t n, const void*, void* acc) {
  T* y = static_cast<T*>(acc);
  for (size_t r = 0; r < rows; ++r) {
    const T* x = static_cast<const T*>(data) + r * stride;
    for (size_t c = 0; c < n; ++c) y[c] = Combined<T, U, core>(y[c], x[c]);
  }
}

template <class T, class U, ReduceCore core>
constexpr ReduceFns kFns = IsBuilt(core) ? ReduceFns{Row<T, U, core>, Columns<T, U, core>}
                                         : ReduceFns{nullptr, nullptr};

template <class T, class U>
ReduceFns SelectInteger(ReduceCore core) {
  switch (core) {
    case ReduceCore::kSum: return kFns<T, U, ReduceCore::kSum>;
    case ReduceCore::kSumAbs: return kFns<T, U, ReduceCore::kSumAbs>;
    case ReduceCore::kSumSquare: return kFns<T, U, ReduceCore::kSumSquare>;
    case ReduceCore::kMax: return kFns<T, U, ReduceCore::kMax>;
    case ReduceCore::kMin: return kFns<T, U, ReduceCore::kMin>;
    case ReduceCore::kProd: return kFns<T, U, ReduceCore::kProd>;
    default: return {nullptr, nullptr};
  }
}

}  // namespace

ReduceFns SelectReduce(ReduceCore core, ReduceType type, uint32_t cpu) {
  if (type == ReduceType::kI32) return SelectInteger<int32_t, uint32_t>(core);
  if (type == ReduceType::kI64) return SelectInteger<int64_t, uint64_t>(core);
  const ReduceFns* best = FindBest(cpu, [core](const Table& table) {
    const ReduceFns& fns = table.functions[static_cast<int>(core)];
    return fns.row != nullptr ? &fns : nullptr;
  });
  return best != nullptr ? *best : ReduceFns{nullptr, nullptr};
}

}  // namespace pare
