#include "converter/calibrate/histogram.h"

#include <algorithm>
#include <cmath>

namespace pare::converter {

bool Histogram::Add(const float* x, size_t n) {
  if (n == 0) return true;
  float least = x[0], largest = x[0];
  double sum = 0;  // of magnitudes: finite only where each of them is
  for (size_t i = 0; i < n; ++i) {
    least = std::min(least, x[i]);
    largest = std::max(largest, x[i]);
    sum += std::fabs(x[i]);
  }
  if (!std::isfinite(sum)) return false;
  least_ = count_ == 0 ? least : std::min(least_, least);
  largest_ = count_ == 0 ? largest : std::max(largest_, largest);
  count_ += n;
  Grow(std::max(std::fabs(least), std::fabs(largest)));
  if (width_ == 0) {  // zeros only, as yet
    bins_[kSide] += n;
    return true;
  }
  const auto inverse = static_cast<float>(1 / width_);
  for (size_t i = 0; i < n; ++i) {
    const int bin = static_cast<int>(std::floor(x[i] * inverse)) + kSide;
    ++bins_[static_cast<size_t>(std::clamp(bin, 0, 2 * kSide - 1))];
  }
  return true;
}

void Histogram::Grow(double magnitude) {
  if (magnitude == 0) return;
  if (width_ == 0) {
    // A power of two keeps the borders exact in f32.
    width_ = std::exp2(std::ceil(std::log2(magnitude / kSide)));
  }
  while (magnitude > width_ * kSide) {
    std::vector<uint64_t> merged(bins_.size(), 0);
    for (int i = 0; i < 2 * kSide; ++i) merged[static_cast<size_t>(i / 2 + kSide / 2)] += bins_[i];
    bins_ = std::move(merged);
    width_ *= 2;
  }
}

}  // namespace pare::converter
