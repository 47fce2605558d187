#include "runtime/layout/layout.h"

namespace pare {

namespace {

bool IsDepthwise(Layout layout) {
  return layout == Layout::kDepthwise16 || layout == Layout::kInt8Depthwise16;
}

size_t Blocks(const Shape& shape) {
  return (static_cast<size_t>(shape[0]) + kPanelRows - 1) / kPanelRows;
}

}  // namespace

bool PackedBytes(Layout layout, DType dtype, const Shape& shape, uint64_t* bytes) {
  if (layout == Layout::kPlain) return CheckedBytes(shape, SizeOf(dtype), bytes);
  const bool half = dtype == DType::kF16 || dtype == DType::kBF16;
  if (dtype != DType::kF32 && (!half || IsLowBit(layout))) return false;
  if (shape.rank < 2) return false;
  if (static_cast<int>(layout) >= kLayoutCount) return false;
  if (IsDepthwise(layout) && shape[shape.rank - 1] != 1) return false;
  uint64_t plain;
  if (!CheckedBytes(shape, SizeOf(dtype), &plain)) return false;
  if (plain >> 52 != 0) return false;  // header and padding multiply by less than 1024
  *bytes = 0;
  if (plain == 0) return true;
  const auto n = static_cast<size_t>(shape[0]);
  const auto k = static_cast<size_t>(shape.Elements(1, shape.rank));
  if (const size_t group = GroupOf(layout)) {
    if (k % group != 0) return false;
    *bytes = Blocks(shape) * FourBitPanelBytes(layout, k);
    return true;
  }
  switch (layout) {
    case Layout::kT16: *bytes = PackedBytesT16(dtype, n, k); break;
    case Layout::kDepthwise16: *bytes = PackedBytesDepthwise16(dtype, n, k); break;
    case Layout::kInt8T16:
      *bytes = Blocks(shape) * Int8PanelBytes(Int8TapsOf(shape).Cells());
      break;
    default: *bytes = Blocks(shape) * Int8WindowOf(shape).BlockBytes(); break;
  }
  return true;
}

}  // namespace pare
