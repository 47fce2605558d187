#include <cstring>

#include "runtime/layout/layout.h"

namespace pare {
namespace {

constexpr size_t kBlock = 4;  // rows and columns that are transposed at once

using Float4 = float __attribute__((vector_size(16)));

Float4 Load(const float* p) {
  Float4 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// dst[k][0..4) = rows[0..4)[k] for k in [0, 4); cells of dst are kPanelRows apart.
void Transpose4(const float* rows, size_t stride, float* dst) {
  const Float4 a = Load(rows), b = Load(rows + stride), c = Load(rows + 2 * stride),
               d = Load(rows + 3 * stride);
  const Float4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const Float4 ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Float4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Float4 cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const Float4 out[4] = {__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5),
                         __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
                         __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5),
                         __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
  for (size_t i = 0; i < 4; ++i) std::memcpy(dst + i * kPanelRows, &out[i], sizeof out[i]);
}

// One panel of `height` rows, the rest zero.
void PackPanel(const float* rows, size_t stride, size_t height, size_t k, float* dst) {
  if (height < kPanelRows) std::memset(dst, 0, k * kPanelRows * sizeof(float));
  size_t r = 0;
  for (; r + kBlock <= height; r += kBlock) {
    const float* source = rows + r * stride;
    size_t i = 0;
    for (; i + kBlock <= k; i += kBlock) Transpose4(source + i, stride, dst + i * kPanelRows + r);
    for (; i < k; ++i) {
      for (size_t j = 0; j < kBlock; ++j) dst[i * kPanelRows + r + j] = source[j * stride + i];
    }
  }
  for (; r < height; ++r) {
    for (size_t i = 0; i < k; ++i) dst[i * kPanelRows + r] = rows[r * stride + i];
  }
}

// 16-bit elements, two k a lane. Index of w[r][k] in its panel.
constexpr size_t HalfIndex(size_t r, size_t k) { return (k / 2 * kPanelRows + r) * 2 + k % 2; }

void PackHalves(const uint16_t* rows, size_t n, size_t k, uint16_t* dst) {
  const size_t panel = PackedElementsT16(DType::kF16, kPanelRows, k);
  std::memset(dst, 0, PackedBytesT16(DType::kF16, n, k));
  for (size_t r = 0; r < n; ++r) {
    uint16_t* out = dst + r / kPanelRows * panel;
    for (size_t i = 0; i < k; ++i) out[HalfIndex(r % kPanelRows, i)] = rows[r * k + i];
  }
}

void UnpackHalves(const uint16_t* packed, size_t n, size_t k, uint16_t* rows) {
  const size_t panel = PackedElementsT16(DType::kF16, kPanelRows, k);
  for (size_t r = 0; r < n; ++r) {
    const uint16_t* in = packed + r / kPanelRows * panel;
    for (size_t i = 0; i < k; ++i) rows[r * k + i] = in[HalfIndex(r % kPanelRows, i)];
  }
}

}  // namespace

void PackRowsT16(const float* rows, size_t stride, size_t n, size_t k, float* dst) {
  for (size_t r = 0; r < n; r += kPanelRows, dst += kPanelRows * k) {
    PackPanel(rows + r * stride, stride, n - r < kPanelRows ? n - r : kPanelRows, k, dst);
  }
}

void PackColumnsT16(const float* columns, size_t stride, size_t n, size_t k, float* dst) {
  size_t r = 0;
  for (; r + kPanelRows <= n; r += kPanelRows, dst += kPanelRows * k) {
    for (size_t i = 0; i < k; ++i)
      std::memcpy(dst + i * kPanelRows, columns + i * stride + r, kPanelRows * sizeof(float));
  }
  if (r == n) return;
  std::memset(dst, 0, k * kPanelRows * sizeof(float));
  for (size_t i = 0; i < k; ++i)
    std::memcpy(dst + i * kPanelRows, columns + i * stride + r, (n - r) * sizeof(float));
}

void PackT16(DType dtype, const void* rows, size_t n, size_t k, void* dst) {
  if (SizeOf(dtype) == 2)
    PackHalves(static_cast<const uint16_t*>(rows), n, k, static_cast<uint16_t*>(dst));
  else
    PackRowsT16(static_cast<const float*>(rows), k, n, k, static_cast<float*>(dst));
}

void UnpackT16(DType dtype, const void* packed, size_t n, size_t k, void* rows) {
  if (SizeOf(dtype) == 2)
    return UnpackHalves(static_cast<const uint16_t*>(packed), n, k, static_cast<uint16_t*>(rows));
  const auto* in = static_cast<const float*>(packed);
  auto* out = static_cast<float*>(rows);
  for (size_t r = 0; r < n; ++r) {
    const float* lane = in + r / kPanelRows * kPanelRows * k + r % kPanelRows;
    for (size_t i = 0; i < k; ++i) out[r * k + i] = lane[i * kPanelRows];
  }
}

}  // namespace pare
