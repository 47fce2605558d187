#include "runtime/ops/support/arg_extreme.h"

namespace pare {
namespace {

// A value that is not equal to itself is a NaN.
template <class T, class Better>
int64_t Search(const T* x, const ArgExtreme& options, const Better& better) {
  T best = x[0];
  int64_t index = 0;
  for (int64_t i = 1; i < options.n && best == best; ++i) {
    const T value = x[i * options.stride];
    if (better(value, best) || value != value) {
      best = value;
      index = i;
    }
  }
  return index;
}

template <class T>
int64_t Find(const void* data, int64_t first, const ArgExtreme& options) {
  const T* x = static_cast<const T*>(data) + first;
  if (options.largest) {
    if (options.last) return Search(x, options, [](T a, T b) { return a >= b; });
    return Search(x, options, [](T a, T b) { return a > b; });
  }
  if (options.last) return Search(x, options, [](T a, T b) { return a <= b; });
  return Search(x, options, [](T a, T b) { return a < b; });
}

}  // namespace

ArgExtremeFn SelectArgExtreme(DType dtype) {
  switch (dtype) {
    case DType::kF32: return Find<float>;
    case DType::kI32: return Find<int32_t>;
    case DType::kI64: return Find<int64_t>;
    default: return nullptr;
  }
}

}  // namespace pare
