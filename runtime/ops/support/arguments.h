// What operators read from small inputs: axes, sizes, indices.
#pragma once

#include "runtime/ops/op.h"

namespace pare {

// ReadIntegers of op.h for infer; with `running` the values are there, whether known or not.
Status ReadArguments(const NodeView& node, uint32_t input, const void* attribute_vector_i64,
                     bool running, int64_t* values, int capacity, int* count);

// True where input i is given and its values are not there while shapes are inferred.
inline bool IsUnknown(const NodeView& node, uint32_t i) {
  const Tensor* t = node.In(i);
  return t != nullptr && !t->known;
}

// Bit i is set for each axis i of the list; every axis is checked against `rank` and may be given
// once.
Status AxesMask(const int64_t* axes, int count, int rank, uint32_t* mask);

// kShape where the elements of `shape` do not fit memory.
Status CheckSize(const Shape& shape, DType dtype);

// SetOutput with CheckSize.
Status SetCheckedOutput(const NodeView& node, uint32_t i, DType dtype, const Shape& shape);
// Like it, for a shape that is an upper bound: run sets the real one.
Status SetDynamicOutput(const NodeView& node, uint32_t i, DType dtype, const Shape& shape);

// a * b, or false where a factor is negative or the product does not fit.
inline bool CheckedMultiply(int64_t a, int64_t b, int64_t* product) {
  return a >= 0 && b >= 0 && !__builtin_mul_overflow(a, b, product);
}

// The bytes of `number` as an element of any type, low bytes first.
uint64_t ElementBits(DType dtype, float number);

// i32 or i64 values that address elements of an axis.
class Indices {
 public:
  explicit Indices(const Tensor& t) : data_(t.data), wide_(t.dtype == DType::kI64) {}
  int64_t operator[](int64_t i) const {
    return wide_ ? static_cast<const int64_t*>(data_)[i] : static_cast<const int32_t*>(data_)[i];
  }
  // Index i with a negative one counted from the end of an axis of `size`. Check comes first.
  int64_t Wrapped(int64_t i, int64_t size) const {
    const int64_t v = (*this)[i];
    return v < 0 ? v + size : v;
  }
  // kInvalidArgument where one of `count` is outside [-size, size).
  Status Check(int64_t count, int64_t size) const;

 private:
  const void* data_;
  bool wide_;
};

// Of infer: the type of an input of indices.
Status CheckIndexType(const Tensor& indices);

}  // namespace pare
