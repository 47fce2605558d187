#include "runtime/core/tensor.h"

namespace pare {
namespace {

// Truncates; what does not fit, and NaN, becomes the nearest end of the range or 0.
int64_t Truncate(double x) {
  if (x >= 9223372036854775808.0) return INT64_MAX;
  if (x <= -9223372036854775808.0) return INT64_MIN;
  return x == x ? static_cast<int64_t>(x) : 0;
}

}  // namespace

bool CheckedBytes(const Shape& shape, size_t element_size, uint64_t* bytes) {
  uint64_t total = element_size;
  bool empty = false;
  for (int i = 0; i < shape.rank; ++i) {
    if (shape.dims[i] < 0) return false;
    empty |= shape.dims[i] == 0;
    const uint64_t dim = static_cast<uint64_t>(shape.dims[i] == 0 ? 1 : shape.dims[i]);
    if (__builtin_mul_overflow(total, dim, &total)) return false;
  }
  *bytes = empty ? 0 : total;
  return total >> 62 == 0;
}

bool BroadcastShapes(const Shape& a, const Shape& b, Shape* out) {
  const int rank = a.rank > b.rank ? a.rank : b.rank;
  Shape result;
  result.rank = rank;
  for (int i = 0; i < rank; ++i) {
    const int64_t da = i < rank - a.rank ? 1 : a.dims[i - (rank - a.rank)];
    const int64_t db = i < rank - b.rank ? 1 : b.dims[i - (rank - b.rank)];
    if (da != db && da != 1 && db != 1) return false;
    result.dims[i] = da == 1 ? db : da;
  }
  *out = result;
  return true;
}

int64_t IntegerAt(const Tensor& t, int64_t i) {
  switch (t.dtype) {
    case DType::kI8: return t.Data<int8_t>()[i];
    case DType::kU8:
    case DType::kBool: return t.Data<uint8_t>()[i];
    case DType::kI16: return t.Data<int16_t>()[i];
    case DType::kU16: return t.Data<uint16_t>()[i];
    case DType::kI32: return t.Data<int32_t>()[i];
    case DType::kU32: return t.Data<uint32_t>()[i];
    case DType::kI64: return t.Data<int64_t>()[i];
    case DType::kU64: return static_cast<int64_t>(t.Data<uint64_t>()[i]);
    case DType::kF32: return Truncate(t.Data<float>()[i]);
    case DType::kF64: return Truncate(t.Data<double>()[i]);
    case DType::kF16: return Truncate(HalfToFloat(t.Data<uint16_t>()[i]));
    case DType::kBF16: return Truncate(Bfloat16ToFloat(t.Data<uint16_t>()[i]));
  }
  return 0;
}

}  // namespace pare
