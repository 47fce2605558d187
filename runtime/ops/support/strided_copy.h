// Copies an array of elements between two memory orders: the one loop behind Slice, Expand, Tile,
// Concat, Split, Pad and DepthToSpace.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/core/tensor.h"
#include "runtime/core/thread_pool.h"

namespace pare {

class StridedCopy {
 public:
  static constexpr int kMaxDims = 2 * kMaxRank;

  explicit StridedCopy(size_t element_bytes) : element_(element_bytes) {}

  // Adds a dimension inside those added before. Strides are bytes between neighbours; 0 repeats,
  // negative goes backwards. At most kMaxDims.
  void Add(int64_t size, int64_t from_stride, int64_t to_stride);
  // Adds what is contiguous on both sides.
  void AddContiguous(int64_t bytes);
  // Copies. Source and target do not overlap. `threads` may be null.
  void Run(const void* from, void* to, const ThreadPool* threads) const;

 private:
  void CopyRows(const char* from, char* to, int64_t begin, int64_t end) const;
  void CopyRow(const char* from, char* to, int64_t count, int64_t from_stride,
               int64_t to_stride) const;

  size_t element_;
  int rank_ = 0;
  bool empty_ = false;
  struct Dim {
    int64_t size, from, to;
  } dims_[kMaxDims] = {};
};

// Fills strides[0, rank) with the bytes between neighbours of a row-major tensor.
void RowMajorStrides(const Shape& shape, size_t element_bytes, int64_t* strides);

// Writes `count` copies of the element of `element_bytes` at `value`.
void FillElements(void* to, const void* value, size_t element_bytes, int64_t count);

// memcpy that permits empty tensors, whose pointers may be null.
void CopyBytes(void* to, const void* from, size_t bytes);

}  // namespace pare
