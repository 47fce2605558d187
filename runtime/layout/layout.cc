#include "runtime/layout/layout.h"

namespace pare {

bool PackedBytes(Layout layout, DType dtype, const Shape& shape, uint64_t* bytes) {
  if (layout == Layout::kPlain) return CheckedBytes(shape, SizeOf(dtype), bytes);
  if (dtype != DType::kF32 && dtype != DType::kF16 && dtype != DType::kBF16) return false;
  if (shape.rank < 2) return false;
  if (layout != Layout::kT16 && layout != Layout::kDepthwise16) return false;
  if (layout == Layout::kDepthwise16 && shape[shape.rank - 1] != 1) return false;
  uint64_t plain;
  if (!CheckedBytes(shape, SizeOf(dtype), &plain)) return false;
  if (plain >> 56 != 0) return false;  // padding multiplies by at most 32
  *bytes = 0;
  if (plain == 0) return true;
  const auto n = static_cast<size_t>(shape[0]);
  const auto k = static_cast<size_t>(shape.Elements(1, shape.rank));
  *bytes =
      layout == Layout::kT16 ? PackedBytesT16(dtype, n, k) : PackedBytesDepthwise16(dtype, n, k);
  return true;
}

}  // namespace pare
