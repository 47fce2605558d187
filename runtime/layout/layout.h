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
//
// Low-bit encodings. The element stands for scale * q; its dtype is f32, what it decodes to.
//   Int8T16      panels of 16 rows, each kInt8HeaderBytes of header and then cells. Header: the
//                scales of the rows, 16 f32, and the sums of their q, 16 i32. A cell is 4 k: lane r
//                holds w[16 p + r][4 c] to [4 c + 3], q in [-127, 127]. k is cut into taps
//                (Int8TapsOf), each filled up with zeros to a multiple of 4.
//   Int8Depthwise16  w is [C, kernel..., 1]: blocks of 16 channels, each the same header and then a
//                cell of 64 bytes for every column of the window and every 4 of its rows
//                (Int8WindowOf): lane c holds rows 4 g to 4 g + 3 of channel 16 p + c, zeros behind
//                the last row. A column's cells follow each other.
//   Int4G32, G64, G128  panels of 16 rows; superblocks of two groups of G k: the scales of the
//                groups, f16 [2][16], then a cell for every 8 k: byte j of lane r holds
//                w[16 p + r][8 c + j] in its low and [8 c + 4 + j] in its high nibble, nibble =
//                q + 8, q in [-8, 7]. G divides k; a last superblock of one group has half the
//                cells.
//   Uint4G32, G64, G128  the same with the minima of the groups, f16 [2][16], behind the scales: an
//                element stands for scale * nibble + minimum.
//   Nf4G64       panels of 16 rows: the codes of the scales, u8 [k / 64][16]; for each 256 of them
//                a scale and an offset, f32; both filled up to a multiple of 64 bytes; then cells
//                as of Int4, nibble = index into kNf4Levels. An element stands for
//                (scale * code + offset) * level. 64 divides k.
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

// Bytes of a weight's payload. False where the layout does not exist for this type and shape (all
// but Plain have rank 2 or more; T16 and Depthwise16 are of f32, f16, bf16, the others of f32; the
// depthwise ones have a last dimension of 1; GroupOf divides k), a dimension is negative, or the
// size does not fit into 62 bits.
bool PackedBytes(Layout layout, DType dtype, const Shape& shape, uint64_t* bytes);

// How k of an Int8T16 weight is cut into taps: a tap is one filter tap of C / group elements where
// that is a multiple of 4 or there is no window, and otherwise a line of the window.
struct Int8Taps {
  size_t taps, k;  // taps, and elements in each
  // Cells of a panel.
  size_t Cells() const { return taps * ((k + 3) / 4); }
};
Int8Taps Int8TapsOf(const Shape& weight);

inline constexpr size_t kInt8HeaderBytes = kPanelRows * (sizeof(float) + sizeof(int32_t));
constexpr size_t kInt8CellBytes = kPanelRows * 4;
constexpr size_t Int8PanelBytes(size_t cells) { return kInt8HeaderBytes + cells * kInt8CellBytes; }

// The window of an Int8Depthwise16 weight as a table: columns are the last dimension of the kernel,
// rows all before it. A window of one row is turned, so that its taps fill cells.
struct Int8Window {
  size_t rows, columns;
  bool turned;
  size_t Groups() const { return (rows + 3) / 4; }  // cells of a column
  size_t BlockBytes() const { return Int8PanelBytes(columns * Groups()); }
};
Int8Window Int8WindowOf(const Shape& weight);

// Packs row-major q[n][k...] with a scale for each row into Int8T16 or Int8Depthwise16; dst has
// room for PackedBytes, every byte is written.
void PackInt8(Layout layout, const int8_t* q, const float* scales, const Shape& shape, void* dst);
// The integers and scales again; either may be null.
void UnpackInt8(Layout layout, const void* packed, const Shape& shape, int8_t* q, float* scales);

// k of a row that share a scale in the layouts of 4 bits; 0 in others.
constexpr size_t GroupOf(Layout layout) {
  switch (layout) {
    case Layout::kInt4G32:
    case Layout::kUint4G32: return 32;
    case Layout::kInt4G64:
    case Layout::kUint4G64:
    case Layout::kNf4G64: return 64;
    case Layout::kInt4G128:
    case Layout::kUint4G128: return 128;
    default: return 0;
  }
}
// Uint4*: groups have a minimum beside their scale.
constexpr bool HasMinima(Layout layout) {
  return layout >= Layout::kUint4G32 && layout <= Layout::kUint4G128;
}
// Bytes of a panel of 16 rows of a layout of 4 bits; GroupOf divides k.
size_t FourBitPanelBytes(Layout layout, size_t k);

// Packs row-major nibbles[n][k] with scales[n][k / G], f16, and for Uint4* minima of as many.
void PackInt4(Layout layout, const uint8_t* nibbles, const uint16_t* scales, const uint16_t* minima,
              const Shape& shape, void* dst);

// 256 codes of Nf4G64 that share a scale and an offset: 16 rows of 16 groups.
inline constexpr size_t kNf4BlockGroups = 16;
struct Nf4Block {
  float scale, offset;
};
// Packs row-major levels[n][k] (indices) and codes[n][k / 64], blocks[panels][ceil(k / 1024)].
void PackNf4(const uint8_t* levels, const uint8_t* codes, const Nf4Block* blocks,
             const Shape& shape, void* dst);

// What a low-bit weight decodes to: row-major rows[n][k...]; one row of it.
void DecodeLowBit(Layout layout, const void* packed, const Shape& shape, float* rows);
void DecodeLowBitRow(Layout layout, const void* packed, const Shape& shape, size_t row, float* out);

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
