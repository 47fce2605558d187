#include "converter/quantize/int4.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "converter/quantize/four_bit.h"
#include "runtime/layout/layout.h"

namespace pare::converter {
namespace {

struct Group {
  uint16_t scale, minimum;  // f16
  std::vector<uint8_t> nibbles;
};

uint8_t NibbleOf(float x, float scale, float minimum) {
  // What does not fit half precision is refused once its group is whole.
  if (scale == 0 || !std::isfinite(scale) || !std::isfinite(minimum)) return 0;
  return static_cast<uint8_t>(std::clamp(std::nearbyint((x - minimum) / scale), 0.f, 15.f));
}

// Each value as the nearest nibble, and the sum of the squared errors.
double Round(const float* x, size_t n, float minimum, Group* out) {
  const float scale = HalfToFloat(out->scale);
  out->nibbles.resize(n);
  double error = 0;
  for (size_t i = 0; i < n; ++i) {
    out->nibbles[i] = NibbleOf(x[i], scale, minimum);
    const double e = static_cast<double>(scale) * out->nibbles[i] + minimum - x[i];
    error += e * e;
  }
  return error;
}

Group Symmetric(const float* x, size_t n) {
  const float largest =
      *std::max_element(x, x + n, [](float a, float b) { return std::fabs(a) < std::fabs(b); });
  Group best{};
  double least = INFINITY;
  for (const float scale : {largest / -8, std::fabs(largest) / 7}) {
    Group g{FloatToHalf(scale), 0, {}};
    const double error = Round(x, n, -8 * HalfToFloat(g.scale), &g);
    if (best.nibbles.empty() || error < least) {
      least = error;
      best = std::move(g);
    }
  }
  return best;
}

Group Asymmetric(const float* x, size_t n) {
  const auto [low, high] = std::minmax_element(x, x + n);
  Group g{0, FloatToHalf(*low), {}};
  const float minimum = HalfToFloat(g.minimum);
  g.scale = FloatToHalf((*high - minimum) / 15);
  Round(x, n, minimum, &g);
  return g;
}

}  // namespace

Result<Weight> QuantizeInt4(const float* rows, const Shape& shape, Layout layout) {
  std::byte* data;
  Weight weight = PARE_TRY(MakeFourBit(rows, shape, layout, &data));
  const auto count = static_cast<size_t>(shape.Elements());
  const size_t n = GroupOf(layout);
  std::vector<uint8_t> nibbles;
  std::vector<uint16_t> scales, minima;
  for (size_t i = 0; i < count; i += n) {
    const Group g = HasMinima(layout) ? Asymmetric(rows + i, n) : Symmetric(rows + i, n);
    if (!std::isfinite(HalfToFloat(g.scale)) || !std::isfinite(HalfToFloat(g.minimum)))
      return Error(Code::kUnsupported,
                   "the weight has values too large for a half-precision scale");
    nibbles.insert(nibbles.end(), g.nibbles.begin(), g.nibbles.end());
    scales.push_back(g.scale);
    minima.push_back(g.minimum);
  }
  PackInt4(layout, nibbles.data(), scales.data(), minima.data(), shape, data);
  return weight;
}

}  // namespace pare::converter
