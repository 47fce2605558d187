#include "runtime/ops/support/arguments.h"

#include <cstring>

namespace pare {

Status ReadArguments(const NodeView& node, uint32_t input, const void* attribute_vector_i64,
                     bool running, int64_t* values, int capacity, int* count) {
  const Tensor* t = node.In(input);
  if (!running || t == nullptr) {
    return ReadIntegers(node, input, attribute_vector_i64, values, capacity, count);
  }
  const int64_t n = t->Elements();
  if (n > capacity) return ShapeError("too many values in an input that gives axes or sizes");
  for (int64_t i = 0; i < n; ++i) values[i] = IntegerAt(*t, i);
  *count = static_cast<int>(n);
  return Ok();
}

Status AxesMask(const int64_t* axes, int count, int rank, uint32_t* mask) {
  *mask = 0;
  for (int i = 0; i < count; ++i) {
    int64_t axis = axes[i];
    if (!NormalizeAxis(rank, &axis)) return ShapeError("an axis is outside the tensor's rank");
    if (*mask >> axis & 1) return ShapeError("an axis is given twice");
    *mask |= 1u << axis;
  }
  return Ok();
}

Status CheckSize(const Shape& shape, DType dtype) {
  uint64_t bytes;
  if (!CheckedBytes(shape, SizeOf(dtype), &bytes)) {
    return ShapeError("the result has a negative size or does not fit into memory");
  }
  return Ok();
}

Status SetCheckedOutput(const NodeView& node, uint32_t i, DType dtype, const Shape& shape) {
  PARE_TRY(CheckSize(shape, dtype));
  SetOutput(node, i, dtype, shape);
  return Ok();
}

Status SetDynamicOutput(const NodeView& node, uint32_t i, DType dtype, const Shape& shape) {
  PARE_TRY(SetCheckedOutput(node, i, dtype, shape));
  if (Tensor* out = node.Out(i)) out->dynamic = true;
  return Ok();
}

uint64_t ElementBits(DType dtype, float number) {
  uint64_t bits = 0;
  const double wide = number;
  switch (dtype) {
    case DType::kF32: std::memcpy(&bits, &number, sizeof number); break;
    case DType::kF64: std::memcpy(&bits, &wide, sizeof wide); break;
    case DType::kF16: bits = FloatToHalf(number); break;
    case DType::kBF16: bits = FloatToBfloat16(number); break;
    case DType::kBool: bits = number != 0; break;
    default:
      // A number that no integer can hold, or none, becomes 0.
      if (number > -9e18f && number < 9e18f)
        bits = static_cast<uint64_t>(static_cast<int64_t>(number));
  }
  return bits;
}

Status Indices::Check(int64_t count, int64_t size) const {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t v = (*this)[i];
    if (v < -size || v >= size) {
      return Error(Code::kInvalidArgument, "an index is outside the axis that it addresses");
    }
  }
  return Ok();
}

Status CheckIndexType(const Tensor& indices) {
  if (indices.dtype != DType::kI32 && indices.dtype != DType::kI64) {
    return ShapeError("indices must be i32 or i64; insert a Cast");
  }
  return Ok();
}

}  // namespace pare
