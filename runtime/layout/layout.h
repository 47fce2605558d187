// Weight layouts: sizes, packing and unpacking. Portable C++, shared by the converter, which packs,
// and the runtime, which checks sizes and packs operands that are not constant.
//
// A weight's logical shape is [n, k...]: k is the product of all dimensions after the first.
//
//   Plain        row-major.
//   T16          panels of 16 rows; the rows behind n are zero. A panel is a sequence of 64-byte
//                cells with one 32-bit lane a row:
//                  f32        a cell is 1 k:  panel p, cell k, lane r = w[16 p + r][k]
//                  f16, bf16  a cell is 2 k:  the low half of a lane is the even k, the high half
//                             the odd one; an odd k is padded with a zero
//                Any [M, kernel..., C/group] convolution packs the same way, whatever its group:
//                where M/group is not a multiple of 16 a panel holds rows of several groups.
//   Depthwise16  w is [C, kernel...,1]: blocks of 16 channels; a block has a cell of 16 elements a
//                filter tap: block p, tap t, lane c = w[16 p + c][t]. Channels behind C are zero.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/core/tensor.h"

namespace pare {

inline constexpr size_t kPanelRows = 16;

// Elements that w[n][k] takes in T16 with elements of that type, padding included.
constexpr size_t PackedElementsT16(DType dtype, size_t n, size_t k) {
  const size_t k_padded = SizeOf(dtype) == 2 ? (k + 1) / 2 * 2 : k;
  return (n + kPanelRows - 1) / kPanelRows * kPanelRows * k_padded;
}
constexpr size_t PackedBytesT16(DType dtype, size_t n, size_t k) {
  return PackedElementsT16(dtype, n, k) * SizeOf(dtype);
}
constexpr size_t PackedBytesDepthwise16(DType dtype, size_t channels, size_t taps) {
  return (channels + kPanelRows - 1) / kPanelRows * kPanelRows * taps * SizeOf(dtype);
}

// Bytes of a weight's payload. False where the layout does not exist for this type and rank (T16
// and Depthwise16: f32, f16, bf16 of rank 2 or more, Depthwise16 with a last dimension of 1), a
// dimension is negative, or the size does not fit into 62 bits.
bool PackedBytes(Layout layout, DType dtype, const Shape& shape, uint64_t* bytes);

// Packs row-major rows[n][k] (elements of `dtype`: f32, f16, bf16) into dst, which has room for
// PackedBytesT16. Every byte of dst is written.
void PackT16(DType dtype, const void* rows, size_t n, size_t k, void* dst);
void UnpackT16(DType dtype, const void* packed, size_t n, size_t k, void* rows);

// Packs f32 into T16 f32 from rows `stride` floats apart: w[r][k] = rows[r * stride + k].
void PackRowsT16(const float* rows, size_t stride, size_t n, size_t k, float* dst);
// The same from the transpose: w[r][k] = columns[k * stride + r].
void PackColumnsT16(const float* columns, size_t stride, size_t n, size_t k, float* dst);

// Packs row-major w[channels][taps].
void PackDepthwise16(DType dtype, const void* w, size_t channels, size_t taps, void* dst);
void UnpackDepthwise16(DType dtype, const void* packed, size_t channels, size_t taps, void* w);

}  // namespace pare
