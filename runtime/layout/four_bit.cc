#include <cstring>

#include "runtime/layout/layout.h"
#include "runtime/layout/nf4.h"
#include "runtime/layout/rows.h"

namespace pare {
namespace {

constexpr size_t kPlaneAlignment = 64;
constexpr size_t kCodesPerBlock = kNf4BlockGroups * kPanelRows;

size_t AlignUp(size_t bytes) {
  return (bytes + kPlaneAlignment - 1) / kPlaneAlignment * kPlaneAlignment;
}

// Where the parts of a row of Int4* and Uint4* lie.
class Int4Row {
 public:
  Int4Row(Layout layout, size_t k, size_t row)
      : group_(GroupOf(layout)),
        header_(2 * kPanelRows * sizeof(uint16_t) * (HasMinima(layout) ? 2 : 1)),
        panel_(row / kPanelRows * FourBitPanelBytes(layout, k)),
        lane_(row % kPanelRows) {}
  size_t Scale(size_t g) const {
    return Superblock(g) + (g % 2 * kPanelRows + lane_) * sizeof(uint16_t);
  }
  size_t Minimum(size_t g) const { return Scale(g) + 2 * kPanelRows * sizeof(uint16_t); }
  size_t Nibble(size_t i) const {
    const size_t g = i / group_;
    return Superblock(g) + header_ + NibbleByte(lane_, i - g / 2 * 2 * group_);
  }

 private:
  size_t Superblock(size_t g) const {
    return panel_ + g / 2 * (header_ + 2 * group_ / 8 * kNibbleCellBytes);
  }
  size_t group_, header_, panel_, lane_;
};

// The parts of a panel of Nf4G64.
struct Nf4Panel {
  explicit Nf4Panel(size_t k)
      : groups(k / GroupOf(Layout::kNf4G64)),
        blocks((groups * kPanelRows + kCodesPerBlock - 1) / kCodesPerBlock),
        first_block(AlignUp(groups * kPanelRows)),
        cells(first_block + AlignUp(blocks * sizeof(Nf4Block))) {}
  size_t groups, blocks, first_block, cells;
};

}  // namespace

size_t FourBitPanelBytes(Layout layout, size_t k) {
  const size_t cells = k / 8 * kNibbleCellBytes;
  if (layout == Layout::kNf4G64) return Nf4Panel(k).cells + cells;
  const size_t superblocks = (k / GroupOf(layout) + 1) / 2;
  return cells + superblocks * 2 * kPanelRows * sizeof(uint16_t) * (HasMinima(layout) ? 2 : 1);
}

void PackInt4(Layout layout, const uint8_t* nibbles, const uint16_t* scales, const uint16_t* minima,
              const Shape& shape, void* dst) {
  uint64_t bytes = 0;
  (void)PackedBytes(layout, DType::kF32, shape, &bytes);
  std::memset(dst, 0, bytes);
  const size_t group = GroupOf(layout);
  if (bytes == 0 || group == 0) return;
  auto* out = static_cast<std::byte*>(dst);
  const auto k = static_cast<size_t>(shape.Elements(1, shape.rank));
  const size_t groups = k / group;
  for (size_t r = 0; r < static_cast<size_t>(shape[0]); ++r) {
    const Int4Row at(layout, k, r);
    for (size_t g = 0; g < groups; ++g) {
      std::memcpy(out + at.Scale(g), &scales[r * groups + g], sizeof *scales);
      if (HasMinima(layout))
        std::memcpy(out + at.Minimum(g), &minima[r * groups + g], sizeof *minima);
    }
    for (size_t i = 0; i < k; ++i)
      out[at.Nibble(i)] |= static_cast<std::byte>(nibbles[r * k + i] << NibbleShift(i));
  }
}

void DecodeInt4Row(Layout layout, const void* packed, size_t k, size_t row, float* out) {
  const auto* in = static_cast<const std::byte*>(packed);
  const Int4Row at(layout, k, row);
  const size_t group = GroupOf(layout);
  for (size_t first = 0; first < k; first += group) {
    uint16_t half;
    std::memcpy(&half, in + at.Scale(first / group), sizeof half);
    const float scale = HalfToFloat(half);
    // Exact: a nibble takes 4 bits and a scale 11.
    float minimum = -8 * scale;
    if (HasMinima(layout)) {
      std::memcpy(&half, in + at.Minimum(first / group), sizeof half);
      minimum = HalfToFloat(half);
    }
    const std::byte* cells = in + at.Nibble(first) - row % kPanelRows * 4;
    for (size_t i = 0; i < group; ++i) {
      const auto nibble = static_cast<int>(cells[NibbleByte(row, i)] >> NibbleShift(i)) & 15;
      *out++ = scale * static_cast<float>(nibble) + minimum;
    }
  }
}

void PackNf4(const uint8_t* levels, const uint8_t* codes, const Nf4Block* blocks,
             const Shape& shape, void* dst) {
  uint64_t bytes = 0;
  (void)PackedBytes(Layout::kNf4G64, DType::kF32, shape, &bytes);
  std::memset(dst, 0, bytes);
  if (bytes == 0) return;
  const auto n = static_cast<size_t>(shape[0]);
  const auto k = static_cast<size_t>(shape.Elements(1, shape.rank));
  const Nf4Panel panel(k);
  const size_t panel_bytes = FourBitPanelBytes(Layout::kNf4G64, k);
  for (size_t r = 0; r < n; ++r) {
    auto* out = static_cast<std::byte*>(dst) + r / kPanelRows * panel_bytes;
    if (r % kPanelRows == 0)
      std::memcpy(out + panel.first_block, blocks + r / kPanelRows * panel.blocks,
                  panel.blocks * sizeof *blocks);
    for (size_t g = 0; g < panel.groups; ++g)
      out[g * kPanelRows + r % kPanelRows] = static_cast<std::byte>(codes[r * panel.groups + g]);
    for (size_t i = 0; i < k; ++i)
      out[panel.cells + NibbleByte(r, i)] |=
          static_cast<std::byte>(levels[r * k + i] << NibbleShift(i));
  }
}

void DecodeNf4Row(const void* packed, size_t k, size_t row, float* out) {
  const Nf4Panel panel(k);
  const auto* in = static_cast<const std::byte*>(packed) +
                   row / kPanelRows * FourBitPanelBytes(Layout::kNf4G64, k);
  const size_t group = GroupOf(Layout::kNf4G64);
  float scale = 0;
  for (size_t i = 0; i < k; ++i) {
    if (i % group == 0) {
      Nf4Block block;
      std::memcpy(&block, in + panel.first_block + i / group / kNf4BlockGroups * sizeof block,
                  sizeof block);
      const std::byte* codes = in + i / group * kPanelRows;
      const auto code = static_cast<float>(codes[row % kPanelRows]);
      scale = __builtin_fmaf(block.scale, code, block.offset);
    }
    const auto byte = static_cast<int>(in[panel.cells + NibbleByte(row, i)]);
    *out++ = scale * kNf4Levels[byte >> NibbleShift(i) & 15];
  }
}

void DecodeLowBitRow(Layout layout, const void* packed, const Shape& shape, size_t row,
                     float* out) {
  const auto k = static_cast<size_t>(shape.Elements(1, shape.rank));
  if (layout == Layout::kNf4G64) return DecodeNf4Row(packed, k, row, out);
  if (GroupOf(layout) != 0) return DecodeInt4Row(layout, packed, k, row, out);
  DecodeInt8Row(layout, packed, shape, row, out);
}

void DecodeLowBit(Layout layout, const void* packed, const Shape& shape, float* rows) {
  if (shape.Elements() == 0) return;
  const auto k = static_cast<size_t>(shape.Elements(1, shape.rank));
  for (size_t r = 0; r < static_cast<size_t>(shape[0]); ++r)
    DecodeLowBitRow(layout, packed, shape, r, rows + r * k);
}

}  // namespace pare
