// A histogram of numbers whose range is not known beforehand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pare::converter {

// Bins of equal width on both sides of zero. Where a number lies beyond them the width doubles and
// pairs of bins become one, so nothing is counted twice or forgotten.
class Histogram {
 public:
  static constexpr int kSide = 2048;  // bins on a side of zero

  // False where a number is NaN or infinite; then nothing more should be added.
  bool Add(const float* x, size_t n);

  uint64_t count() const { return count_; }
  float least() const { return least_; }      // 0 before the first number
  float largest() const { return largest_; }  // likewise
  double width() const { return width_; }
  // Bin i holds numbers in [(i - kSide) * width, (i - kSide + 1) * width).
  const std::vector<uint64_t>& bins() const { return bins_; }
  double Center(size_t bin) const { return (static_cast<double>(bin) - kSide + 0.5) * width_; }

 private:
  void Grow(double magnitude);

  std::vector<uint64_t> bins_ = std::vector<uint64_t>(2 * kSide, 0);
  uint64_t count_ = 0;
  double width_ = 0;
  float least_ = 0, largest_ = 0;
};

}  // namespace pare::converter
