#include "converter/quantize/nf4.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "converter/quantize/four_bit.h"
#include "runtime/layout/layout.h"
#include "runtime/layout/nf4.h"

namespace pare::converter {
namespace {

constexpr size_t kGroup = 64;

float LargestOf(const float* x) {
  float largest = 0;
  for (size_t i = 0; i < kGroup; ++i) largest = std::max(largest, std::fabs(x[i]));
  return largest;
}

uint8_t LevelOf(float x) {
  uint8_t level = 0;
  while (level < 15 && x - kNf4Levels[level] > kNf4Levels[level + 1] - x) ++level;
  return level;
}

// The scales of rows [0, rows) and groups [first, last) in 8 bits.
Nf4Block QuantizeScales(const float* scales, size_t rows, size_t groups, size_t first, size_t last,
                        uint8_t* codes) {
  float low = INFINITY, high = 0;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t g = first; g < last; ++g) {
      low = std::min(low, scales[r * groups + g]);
      high = std::max(high, scales[r * groups + g]);
    }
  }
  const Nf4Block block{(high - low) / 255, low};
  for (size_t r = 0; r < rows; ++r) {
    for (size_t g = first; g < last; ++g) {
      const float steps = block.scale > 0 ? (scales[r * groups + g] - low) / block.scale : 0;
      codes[r * groups + g] = static_cast<uint8_t>(std::clamp(std::nearbyint(steps), 0.f, 255.f));
    }
  }
  return block;
}

}  // namespace

Result<Weight> QuantizeNf4(const float* rows, const Shape& shape) {
  std::byte* data;
  Weight weight = PARE_TRY(MakeFourBit(rows, shape, Layout::kNf4G64, &data));
  const auto count = static_cast<size_t>(shape.Elements());
  if (count == 0) return weight;
  const auto n = static_cast<size_t>(shape[0]);
  const size_t groups = count / n / kGroup;
  std::vector<float> scales(n * groups);
  for (size_t i = 0; i < scales.size(); ++i) scales[i] = LargestOf(rows + i * kGroup);
  std::vector<uint8_t> codes(scales.size()), levels(count);
  std::vector<Nf4Block> blocks;
  for (size_t r = 0; r < n; r += kPanelRows) {
    for (size_t g = 0; g < groups; g += kNf4BlockGroups) {
      blocks.push_back(QuantizeScales(&scales[r * groups], std::min(kPanelRows, n - r), groups, g,
                                      std::min(groups, g + kNf4BlockGroups), &codes[r * groups]));
    }
  }
  const size_t panel_blocks = (groups + kNf4BlockGroups - 1) / kNf4BlockGroups;
  for (size_t i = 0; i < count; ++i) {
    const size_t g = i / kGroup, row = g / groups;
    const Nf4Block& block = blocks[row / kPanelRows * panel_blocks + g % groups / kNf4BlockGroups];
    const float scale = std::fma(block.scale, static_cast<float>(codes[g]), block.offset);
    levels[i] = LevelOf(scale > 0 ? rows[i] / scale : 0);
  }
  PackNf4(levels.data(), codes.data(), blocks.data(), shape, data);
  return weight;
}

}  // namespace pare::converter
