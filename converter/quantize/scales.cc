#include "converter/quantize/scales.h"

#include <algorithm>

namespace pare::converter {
namespace {

// Adding it leaves no bits behind the point, for magnitudes below 2^22: rounds half to even, and
// unlike a library call in vectors.
constexpr float kRound = 12582912;

float Nearest(const Grid& grid, float inverse, float x) {
  const float steps = (x - grid.minimum) * inverse;
  return std::min(std::max(steps, grid.least), grid.most) + kRound - kRound;
}

}  // namespace

std::optional<ScaleMethod> ParseScaleMethod(const std::string& text) {
  if (text == "absmax") return ScaleMethod::kAbsMax;
  if (text == "mse") return ScaleMethod::kMse;
  if (text == "hqq") return ScaleMethod::kHqq;
  return std::nullopt;
}

float CodeOf(const Grid& grid, float x) { return Nearest(grid, 1 / grid.scale, x); }

double SquaredError(const Grid& grid, const float* x, size_t n) {
  constexpr size_t kLanes = 8;  // summed apart, so that the compiler may use vectors
  const float inverse = grid.scale == 0 ? 0 : 1 / grid.scale;
  float sums[kLanes] = {};
  const auto add = [&](float value, float* sum) {
    const float e = grid.scale * Nearest(grid, inverse, value) + grid.minimum - value;
    *sum += e * e;
  };
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) add(x[i + j], &sums[j]);
  }
  for (; i < n; ++i) add(x[i], &sums[0]);
  double sum = 0;
  for (float s : sums) sum += s;
  return sum;
}

}  // namespace pare::converter
