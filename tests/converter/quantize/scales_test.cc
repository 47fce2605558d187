// Scales of low-bit weights: what each method is better at than the largest magnitude.
#include "converter/quantize/scales.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "converter/passes/quantize/int8_weight.h"
#include "converter/quantize/int4.h"
#include "runtime/layout/layout.h"

namespace pare::converter {
namespace {

// Normal numbers, some of them far outside.
std::vector<float> WithOutliers(size_t n, size_t every, float factor) {
  std::mt19937 engine(1);
  std::normal_distribution<float> values(0.01f, 0.02f);
  std::vector<float> v(n);
  for (size_t i = 0; i < n; ++i) v[i] = values(engine) * (i % every == 3 ? factor : 1);
  return v;
}

// Mean of |error|^power of what the weight decodes to.
double ErrorOf(const std::vector<float>& x, const Weight& w, double power) {
  std::vector<float> y(x.size());
  DecodeLowBit(w.layout, w.bytes.data, w.shape, y.data());
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += std::pow(std::fabs(double{x[i]} - y[i]), power);
  return sum / static_cast<double>(x.size());
}

TEST(Grid, RoundsHalfToEvenAndClamps) {
  const Grid grid{0.5f, -4, 0, 15};
  EXPECT_EQ(CodeOf(grid, -3.75f), 0);
  EXPECT_EQ(CodeOf(grid, -3.25f), 2);
  EXPECT_EQ(CodeOf(grid, -100), 0);
  EXPECT_EQ(CodeOf(grid, 100), 15);
  const float x[] = {-3.75f, -4, 4, 0.125f, 0, 0, 0, 0, 0, 0.125f};
  EXPECT_EQ(SquaredError(grid, x, 10), 0.25 * 0.25 + 0.5 * 0.5 + 2 * 0.125 * 0.125);
}

TEST(Grid, WithoutAScaleAllIsTheMinimum) {
  const float x[] = {1, 2, 3};
  EXPECT_EQ(SquaredError({0, 0, 0, 15}, x, 3), 14);
}

TEST(ScaleMethods, ClippingErrsLessThanTheLargestMagnitude) {
  const Shape shape{2, {16, 256}};
  const std::vector<float> x = WithOutliers(16 * 256, 61, 2);
  for (Layout layout :
       {Layout::kInt4G32, Layout::kInt4G128, Layout::kUint4G32, Layout::kUint4G64}) {
    const Weight largest = QuantizeInt4(x.data(), shape, layout, ScaleMethod::kAbsMax).value();
    const Weight clipped = QuantizeInt4(x.data(), shape, layout, ScaleMethod::kMse).value();
    EXPECT_LT(ErrorOf(x, clipped, 2), 0.9 * ErrorOf(x, largest, 2)) << static_cast<int>(layout);
  }
}

// Half-quadratic: the norm that it minimizes, where there are outliers.
TEST(ScaleMethods, HalfQuadraticSparesTheMany) {
  const Shape shape{2, {16, 256}};
  const std::vector<float> x = WithOutliers(16 * 256, 61, 2);
  const Weight largest =
      QuantizeInt4(x.data(), shape, Layout::kUint4G64, ScaleMethod::kAbsMax).value();
  const Weight moved = QuantizeInt4(x.data(), shape, Layout::kUint4G64, ScaleMethod::kHqq).value();
  EXPECT_LT(ErrorOf(x, moved, 0.7), ErrorOf(x, largest, 0.7));
}

TEST(ScaleMethods, Int8RowsAreClippedForOutliers) {
  std::vector<float> x = WithOutliers(2 * 8192, 1 << 20, 1);
  x[7] = 0.5f;  // the first row's
  const Int8Rows largest = QuantizeRows(x.data(), 2, 8192, false, ScaleMethod::kAbsMax);
  const Int8Rows clipped = QuantizeRows(x.data(), 2, 8192, false, ScaleMethod::kMse);
  const auto error = [&](const Int8Rows& rows) {
    double sum = 0;
    for (size_t i = 0; i < x.size(); ++i)
      sum += std::pow(double{x[i]} - double{rows.scales[i / 8192]} * rows.q[i], 2);
    return sum;
  };
  EXPECT_LE(error(clipped), error(largest));
  EXPECT_LT(clipped.scales[0], largest.scales[0]);
}

TEST(ScaleMethods, Parse) {
  EXPECT_EQ(ParseScaleMethod("hqq"), ScaleMethod::kHqq);
  EXPECT_FALSE(ParseScaleMethod("").has_value());
}

}  // namespace
}  // namespace pare::converter
