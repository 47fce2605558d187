// What DecodeLowBitRow is made of.
#pragma once

#include "runtime/layout/layout.h"

namespace pare {

void DecodeInt8Row(Layout layout, const void* packed, const Shape& shape, size_t row, float* out);
void DecodeInt4Row(Layout layout, const void* packed, size_t k, size_t row, float* out);
void DecodeNf4Row(const void* packed, size_t k, size_t row, float* out);

// Cells of 4 bits: 8 k of 16 rows.
inline constexpr size_t kNibbleCellBytes = kPanelRows * 4;
// Where nibble i of a row lies behind its first cell, and by how many bits it is shifted there.
constexpr size_t NibbleByte(size_t row, size_t i) {
  return i / 8 * kNibbleCellBytes + row % kPanelRows * 4 + i % 4;
}
constexpr int NibbleShift(size_t i) { return i % 8 < 4 ? 0 : 4; }

}  // namespace pare
