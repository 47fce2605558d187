#include "converter/quantize/int4.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "converter/quantize/four_bit.h"
#include "runtime/layout/layout.h"

namespace pare::converter {
namespace {

constexpr float kMost = 15;  // nibble
constexpr float kZero = 8;   // the nibble that stands for 0 where there are no minima

// The scale, and minimum, of one group: the best of those that were tried.
class Group {
 public:
  Group(const float* x, size_t n, bool minima) : x_(x), n_(n), minima_(minima) {}

  uint16_t scale() const { return scale_; }
  uint16_t minimum() const { return minimum_; }
  Grid grid() const { return GridOf(scale_, minimum_); }
  bool IsFinite() const { return std::isfinite(grid().scale) && std::isfinite(grid().minimum); }

  void FitLargest() {
    if (minima_) {
      const auto [low, high] = std::minmax_element(x_, x_ + n_);
      TryRange(*low, *high);
      return;
    }
    TryLargest(1);
  }

  void FitClipped() {
    FitLargest();
    if (!IsFinite() || grid().scale == 0) return;
    if (minima_) {
      const auto [low, high] = std::minmax_element(x_, x_ + n_);
      const float width = *high - *low;
      for (int i = 0; i <= kEndClips; ++i) {
        for (int j = 0; j <= kEndClips; ++j)
          TryRange(*low + kEndClip * static_cast<float>(i) * width,
                   *high - kEndClip * static_cast<float>(j) * width);
      }
    } else {
      for (int i = 1; i <= kClips; ++i) TryLargest(1 - kClip * static_cast<float>(i));
    }
    for (int i = 0; i < kRefinements; ++i) TryLeastSquares();
  }

  // Alternates between nibbles, the errors that are outliers, and the zero point that fits the
  // rest; in steps of the scale, so that the strength means the same for every weight.
  void FitHalfQuadratic() {
    FitLargest();
    if (!IsFinite() || grid().scale == 0) return;
    constexpr int kIterations = 20;
    constexpr float kGrowth = 1.01f;
    float strength = 10, zero = -grid().minimum / grid().scale;
    float least = INFINITY, best = zero;
    for (int i = 0; i < kIterations; ++i, strength *= kGrowth) {
      float moved = 0;
      const float error = HalfQuadraticStep(zero, strength, &moved);
      if (error >= least) break;
      least = error;
      best = zero;
      zero = moved;
    }
    minimum_ = FloatToHalf(-best * grid().scale);
  }

 private:
  static constexpr int kClips = 16, kEndClips = 5, kRefinements = 2;
  static constexpr float kClip = 0.025f, kEndClip = 0.03f;  // shares of the range

  Grid GridOf(uint16_t scale, uint16_t minimum) const {
    const float s = HalfToFloat(scale);
    return {s, minima_ ? HalfToFloat(minimum) : -kZero * s, 0, kMost};
  }

  void Try(float scale, float minimum) {
    const uint16_t s = FloatToHalf(scale), m = FloatToHalf(minimum);
    const double error = SquaredError(GridOf(s, m), x_, n_);
    if (tried_ && !(error < least_)) return;
    tried_ = true;
    least_ = error;
    scale_ = s;
    minimum_ = m;
  }
  void TryRange(float low, float high) {
    const float minimum = HalfToFloat(FloatToHalf(low));
    Try((high - minimum) / kMost, minimum);
  }
  // The largest magnitude, clipped, as either end.
  void TryLargest(float share) {
    const float largest = share * *std::max_element(x_, x_ + n_, [](float a, float b) {
                            return std::fabs(a) < std::fabs(b);
                          });
    Try(largest / -kZero, 0);
    Try(std::fabs(largest) / (kMost - kZero), 0);
  }

  // The scale, and minimum, that fit the nibbles best.
  void TryLeastSquares() {
    double q = 0, qq = 0, qx = 0, sum = 0;
    const Grid g = grid();
    for (size_t i = 0; i < n_; ++i) {
      const double code = CodeOf(g, x_[i]) - (minima_ ? 0 : kZero);
      q += code;
      qq += code * code;
      qx += code * x_[i];
      sum += x_[i];
    }
    const auto n = static_cast<double>(n_);
    const double spread = minima_ ? n * qq - q * q : qq;
    if (spread == 0) return;
    const double scale = (minima_ ? n * qx - q * sum : qx) / spread;
    Try(static_cast<float>(scale), minima_ ? static_cast<float>((sum - scale * q) / n) : 0);
  }

  // One step from `zero` to *moved; the mean magnitude of the errors at `zero`.
  float HalfQuadraticStep(float zero, float strength, float* moved) const {
    constexpr float kNorm = 0.7f;  // errors count by this power
    float error = 0, sum = 0;
    for (size_t i = 0; i < n_; ++i) {
      const float steps = x_[i] / grid().scale;
      const float q = std::clamp(std::nearbyint(steps + zero), 0.f, kMost);
      const float e = steps - (q - zero);
      const float rest = std::fabs(e) - std::pow(std::fabs(e), kNorm - 1) / strength;
      error += std::fabs(e);
      sum += q - steps + (rest > 0 ? std::copysign(rest, e) : 0);
    }
    *moved = sum / static_cast<float>(n_);
    return error / static_cast<float>(n_);
  }

  const float* x_;
  size_t n_;
  bool minima_;
  bool tried_ = false;
  double least_ = 0;
  uint16_t scale_ = 0, minimum_ = 0;  // f16
};

Group Fit(const float* x, size_t n, bool minima, ScaleMethod method) {
  Group group(x, n, minima);
  if (method == ScaleMethod::kAbsMax) {
    group.FitLargest();
  } else if (method == ScaleMethod::kHqq && minima) {
    group.FitHalfQuadratic();
  } else {
    group.FitClipped();
  }
  return group;
}

}  // namespace

Result<Weight> QuantizeInt4(const float* rows, const Shape& shape, Layout layout,
                            ScaleMethod method) {
  std::byte* data;
  Weight weight = PARE_TRY(MakeFourBit(rows, shape, layout, &data));
  const auto count = static_cast<size_t>(shape.Elements());
  const size_t n = GroupOf(layout);
  std::vector<uint8_t> nibbles(count);
  std::vector<uint16_t> scales, minima;
  for (size_t i = 0; i < count; i += n) {
    const Group group = Fit(rows + i, n, HasMinima(layout), method);
    if (!group.IsFinite())
      return Error(Code::kUnsupported,
                   "the weight has values too large for a half-precision scale");
    const Grid grid = group.grid();
    for (size_t j = 0; j < n; ++j)
      nibbles[i + j] = grid.scale == 0 ? 0 : static_cast<uint8_t>(CodeOf(grid, rows[i + j]));
    scales.push_back(group.scale());
    minima.push_back(group.minimum());
  }
  PackInt4(layout, nibbles.data(), scales.data(), minima.data(), shape, data);
  return weight;
}

}  // namespace pare::converter
