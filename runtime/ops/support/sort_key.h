// Elements of any type as integers that sort alike, so that TopK and Unique need one instance.
#pragma once

#include <cstring>

#include "runtime/core/tensor.h"

namespace pare {

// Equal floats have equal keys (0 and -0 too); NaN comes after every number.
inline int64_t SortKeyOf(double v) {
  if (v != v) return INT64_MAX;
  v += 0.0;  // -0 becomes 0
  int64_t bits;
  std::memcpy(&bits, &v, sizeof bits);
  return bits < 0 ? bits ^ INT64_MAX : bits;
}

inline int64_t SortKey(const Tensor& t, int64_t i) {
  switch (t.dtype) {
    case DType::kF32: return SortKeyOf(static_cast<double>(t.Data<float>()[i]));
    case DType::kF64: return SortKeyOf(t.Data<double>()[i]);
    case DType::kF16: return SortKeyOf(static_cast<double>(HalfToFloat(t.Data<uint16_t>()[i])));
    case DType::kBF16:
      return SortKeyOf(static_cast<double>(Bfloat16ToFloat(t.Data<uint16_t>()[i])));
    case DType::kU64: return static_cast<int64_t>(t.Data<uint64_t>()[i] ^ (uint64_t{1} << 63));
    default: return IntegerAt(t, i);
  }
}

}  // namespace pare
