// Shape and Tensor: what kernels and operators see of data. PODs; a Tensor never owns its data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/core/dtype.h"

namespace pare {

inline constexpr int kMaxRank = 8;

// Row-major sizes, outermost first. rank 0 is a scalar of one element.
struct Shape {
  int32_t rank = 0;
  int64_t dims[kMaxRank] = {};

  int64_t operator[](int i) const { return dims[i]; }
  int64_t& operator[](int i) { return dims[i]; }
  // Product of all dimensions; of dimensions [begin, end).
  int64_t Elements() const { return Elements(0, rank); }
  int64_t Elements(int begin, int end) const {
    int64_t n = 1;
    for (int i = begin; i < end; ++i) n *= dims[i];
    return n;
  }
  // Appends a dimension; false where kMaxRank is reached.
  bool Push(int64_t dim) {
    if (rank == kMaxRank) return false;
    dims[rank++] = dim;
    return true;
  }
};

inline bool operator==(const Shape& a, const Shape& b) {
  if (a.rank != b.rank) return false;
  for (int i = 0; i < a.rank; ++i) {
    if (a.dims[i] != b.dims[i]) return false;
  }
  return true;
}
inline bool operator!=(const Shape& a, const Shape& b) { return !(a == b); }

// Makes a negative axis positive. False where it is outside [-rank, rank).
inline bool NormalizeAxis(int64_t rank, int64_t* axis) {
  if (*axis < 0) *axis += rank;
  return *axis >= 0 && *axis < rank;
}

// The elements of `shape` times `element_size`, or false where a dimension is negative or the
// product of all that are not 0 does not fit into 62 bits: strides of an empty tensor fit as well.
bool CheckedBytes(const Shape& shape, size_t element_size, uint64_t* bytes);

// Numpy broadcasting of two shapes; false where they do not fit.
bool BroadcastShapes(const Shape& a, const Shape& b, Shape* out);

// Numbers are the schema's fb::Layout.
enum class Layout : uint8_t {
  kPlain,
  kT16,
  kDepthwise16,
  kInt8T16,
  kInt8Depthwise16,
  kInt4G32,
  kInt4G64,
  kInt4G128,
  kUint4G32,
  kUint4G64,
  kUint4G128,
  kNf4G64
};
inline constexpr int kLayoutCount = 12;
// The payload is encoded in fewer bits than the dtype.
constexpr bool IsLowBit(Layout layout) { return layout >= Layout::kInt8T16; }

struct Tensor {
  void* data = nullptr;  // 64-byte aligned unless the caller bound it; null while planning
  Shape shape;           // logical, whatever the layout
  DType dtype = DType::kF32;
  Layout layout = Layout::kPlain;
  bool constant = false;  // a weight: data never changes and must not be written
  bool known = false;     // data holds the final values already while shapes are inferred
  bool dynamic = false;   // shape is an upper bound: the size depends on data and is set by run
  // Quantized, where scale > 0: an element q stands for scale * (q - zero_point). What an operator
  // makes is quantized where the file says so of its output; infer then sets u8 or i16.
  float scale = 0;
  int32_t zero_point = 0;

  template <class T>
  T* Data() const {
    return static_cast<T*>(data);
  }
  int64_t Elements() const { return shape.Elements(); }
  bool IsQuantized() const { return scale > 0; }
  size_t Bytes() const { return static_cast<size_t>(shape.Elements()) * SizeOf(dtype); }
};

// Reads element i of a tensor of any integer type or bool (floats are truncated) as int64.
int64_t IntegerAt(const Tensor& t, int64_t i);

}  // namespace pare
