#include "runtime/ops/support/strided_copy.h"

#include <cstring>

namespace pare {
namespace {

template <class T>
void CopyElements(const char* from, char* to, int64_t count, int64_t from_stride,
                  int64_t to_stride) {
  for (int64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, from + i * from_stride, sizeof(T));
    std::memcpy(to + i * to_stride, &value, sizeof(T));
  }
}

}  // namespace

void StridedCopy::Add(int64_t size, int64_t from_stride, int64_t to_stride) {
  if (size == 0) empty_ = true;
  if (size == 1) return;
  if (rank_ > 0) {
    Dim& outer = dims_[rank_ - 1];
    if (outer.from == size * from_stride && outer.to == size * to_stride) {
      outer = {outer.size * size, from_stride, to_stride};
      return;
    }
  }
  if (rank_ < kMaxDims) dims_[rank_++] = {size, from_stride, to_stride};
}

void StridedCopy::AddContiguous(int64_t bytes) {
  const int64_t element = static_cast<int64_t>(element_);
  Add(bytes / element, element, element);
}

void StridedCopy::CopyRow(const char* from, char* to, int64_t count, int64_t from_stride,
                          int64_t to_stride) const {
  const int64_t element = static_cast<int64_t>(element_);
  if (to_stride == element) {
    if (from_stride == element) {
      std::memcpy(to, from, static_cast<size_t>(count * element));
      return;
    }
    if (from_stride == 0) return FillElements(to, from, element_, count);
  }
  switch (element_) {
    case 1: return CopyElements<uint8_t>(from, to, count, from_stride, to_stride);
    case 2: return CopyElements<uint16_t>(from, to, count, from_stride, to_stride);
    case 4: return CopyElements<uint32_t>(from, to, count, from_stride, to_stride);
    default: return CopyElements<uint64_t>(from, to, count, from_stride, to_stride);
  }
}

// Copies rows [begin, end) of the innermost dimension, counted over all outer ones.
void StridedCopy::CopyRows(const char* from, char* to, int64_t begin, int64_t end) const {
  const int outer = rank_ - 1;
  int64_t at[kMaxDims] = {};
  int64_t rest = begin;
  for (int d = outer - 1; d >= 0; --d) {
    at[d] = rest % dims_[d].size;
    rest /= dims_[d].size;
    from += at[d] * dims_[d].from;
    to += at[d] * dims_[d].to;
  }
  const Dim& row = dims_[outer];
  for (int64_t i = begin; i < end; ++i) {
    CopyRow(from, to, row.size, row.from, row.to);
    for (int d = outer - 1; d >= 0; --d) {
      from += dims_[d].from;
      to += dims_[d].to;
      if (++at[d] < dims_[d].size) break;
      from -= dims_[d].size * dims_[d].from;
      to -= dims_[d].size * dims_[d].to;
      at[d] = 0;
    }
  }
}

void StridedCopy::Run(const void* from, void* to, const ThreadPool* threads) const {
  if (empty_) return;
  const char* source = static_cast<const char*>(from);
  char* target = static_cast<char*>(to);
  if (rank_ == 0) {
    std::memcpy(target, source, element_);
    return;
  }
  int64_t rows = 1;
  for (int d = 0; d < rank_ - 1; ++d) rows *= dims_[d].size;
  if (threads == nullptr || rows == 1) return CopyRows(source, target, 0, rows);
  constexpr size_t kBytesPerTask = 64 * 1024;  // less does not repay waking a thread
  const size_t row_bytes = static_cast<size_t>(dims_[rank_ - 1].size) * element_;
  threads->ForRange(static_cast<size_t>(rows), 1 + kBytesPerTask / row_bytes,
                    [&](size_t begin, size_t end, size_t) {
                      CopyRows(source, target, static_cast<int64_t>(begin),
                               static_cast<int64_t>(end));
                    });
}

void RowMajorStrides(const Shape& shape, size_t element_bytes, int64_t* strides) {
  int64_t stride = static_cast<int64_t>(element_bytes);
  for (int i = shape.rank - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= shape[i];
  }
}

void FillElements(void* to, const void* value, size_t element_bytes, int64_t count) {
  if (count <= 0) return;
  char* target = static_cast<char*>(to);
  const size_t total = static_cast<size_t>(count) * element_bytes;
  std::memcpy(target, value, element_bytes);
  // Each copy doubles what is filled.
  for (size_t done = element_bytes; done < total;) {
    const size_t n = done < total - done ? done : total - done;
    std::memcpy(target + done, target, n);
    done += n;
  }
}

void CopyBytes(void* to, const void* from, size_t bytes) {
  if (bytes != 0) std::memcpy(to, from, bytes);
}

}  // namespace pare
