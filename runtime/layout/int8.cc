#include <cstring>

#include "runtime/layout/layout.h"
#include "runtime/layout/rows.h"

namespace pare {
namespace {

// Where the integers of a row lie in a packed weight.
class Row {
 public:
  Row(Layout layout, const Shape& shape)
      : depthwise_(layout == Layout::kInt8Depthwise16),
        taps_(depthwise_ ? Int8Taps{static_cast<size_t>(shape.Elements(1, shape.rank)), 1}
                         : Int8TapsOf(shape)),
        window_(depthwise_ ? Int8WindowOf(shape) : Int8Window{}),
        block_bytes_(depthwise_ ? window_.BlockBytes() : Int8PanelBytes(taps_.Cells())) {}

  size_t taps() const { return taps_.taps; }
  size_t k() const { return taps_.k; }
  size_t Block(size_t row) const { return row / kPanelRows * block_bytes_; }
  size_t Scale(size_t row) const { return Block(row) + row % kPanelRows * sizeof(float); }
  size_t Sum(size_t row) const { return Scale(row) + kPanelRows * sizeof(float); }
  // Element i of tap t.
  size_t Element(size_t row, size_t t, size_t i) const {
    const size_t lane = row % kPanelRows, first = Block(row) + kInt8HeaderBytes;
    if (depthwise_) {
      const size_t row = t / window_.columns, column = t % window_.columns;
      return first + (column * window_.Groups() + row / 4) * kInt8CellBytes + 4 * lane + row % 4;
    }
    return first + (t * ((taps_.k + 3) / 4) + i / 4) * kInt8CellBytes + 4 * lane + i % 4;
  }

 private:
  bool depthwise_;
  Int8Taps taps_;
  Int8Window window_;
  size_t block_bytes_;
};

}  // namespace

Int8Taps Int8TapsOf(const Shape& weight) {
  const auto depth = static_cast<size_t>(weight[weight.rank - 1]);
  const auto window = static_cast<size_t>(weight.Elements(1, weight.rank - 1));
  if (weight.rank == 2 || depth % 4 == 0) return {window, depth};
  const auto line = static_cast<size_t>(weight[weight.rank - 2]);
  return {window / line, line * depth};
}

Int8Window Int8WindowOf(const Shape& weight) {
  const auto taps = static_cast<size_t>(weight.Elements(1, weight.rank - 1));
  const auto columns = static_cast<size_t>(weight.rank == 2 ? 1 : weight[weight.rank - 2]);
  if (taps == columns) return {taps, 1, true};
  return {taps / columns, columns, false};
}

void PackInt8(Layout layout, const int8_t* q, const float* scales, const Shape& shape, void* dst) {
  uint64_t bytes = 0;
  (void)PackedBytes(layout, DType::kF32, shape, &bytes);
  std::memset(dst, 0, bytes);
  if (bytes == 0) return;
  const Row at(layout, shape);
  auto* out = static_cast<std::byte*>(dst);
  const auto n = static_cast<size_t>(shape[0]);
  for (size_t r = 0; r < n; ++r) {
    int32_t sum = 0;
    for (size_t t = 0; t < at.taps(); ++t) {
      for (size_t i = 0; i < at.k(); ++i, ++q) {
        out[at.Element(r, t, i)] = static_cast<std::byte>(*q);
        sum += *q;
      }
    }
    std::memcpy(out + at.Scale(r), &scales[r], sizeof(float));
    std::memcpy(out + at.Sum(r), &sum, sizeof sum);
  }
}

void UnpackInt8(Layout layout, const void* packed, const Shape& shape, int8_t* q, float* scales) {
  if (shape.Elements() == 0) return;
  const Row at(layout, shape);
  const auto* in = static_cast<const std::byte*>(packed);
  for (size_t r = 0; r < static_cast<size_t>(shape[0]); ++r) {
    if (scales != nullptr) std::memcpy(&scales[r], in + at.Scale(r), sizeof(float));
    for (size_t t = 0; q != nullptr && t < at.taps(); ++t) {
      for (size_t i = 0; i < at.k(); ++i) *q++ = static_cast<int8_t>(in[at.Element(r, t, i)]);
    }
  }
}

void DecodeInt8Row(Layout layout, const void* packed, const Shape& shape, size_t row, float* out) {
  const Row at(layout, shape);
  const auto* in = static_cast<const std::byte*>(packed);
  float scale;
  std::memcpy(&scale, in + at.Scale(row), sizeof scale);
  for (size_t t = 0; t < at.taps(); ++t) {
    for (size_t i = 0; i < at.k(); ++i)
      *out++ = scale * static_cast<int8_t>(in[at.Element(row, t, i)]);
  }
}

}  // namespace pare
