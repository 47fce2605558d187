#include "converter/calibrate/range.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace pare::converter {
namespace {

std::vector<float> Normal(size_t n, float outlier = 0) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> x(n);
  for (float& v : x) v = normal(random);
  if (outlier != 0) x[n / 2] = outlier;
  return x;
}

Range RangeOf(const std::vector<float>& x, const char* method) {
  Observation seen;
  EXPECT_TRUE(seen.Add(x.data(), x.size()));
  return seen.RangeBy(*ParseRangeMethod(method));
}

TEST(Histogram, GrowsWithoutLosingAnything) {
  Histogram h;
  const std::vector<float> zeros(3, 0.0f), small = {0.001f, -0.002f, 0.0015f},
                                           large = {1000, -3000, 0.5f};
  ASSERT_TRUE(h.Add(zeros.data(), zeros.size()));
  ASSERT_TRUE(h.Add(small.data(), small.size()));
  ASSERT_TRUE(h.Add(large.data(), large.size()));
  EXPECT_EQ(h.count(), 9u);
  EXPECT_EQ(std::accumulate(h.bins().begin(), h.bins().end(), uint64_t{0}), 9u);
  EXPECT_EQ(h.least(), -3000);
  EXPECT_EQ(h.largest(), 1000);
  for (size_t i = 0; i < h.bins().size(); ++i) {
    const bool least = h.bins()[i] == 1 && h.Center(i) < -10;
    if (least) {
      EXPECT_NEAR(h.Center(i), -3000, h.width());
    }
  }
}

TEST(Histogram, RefusesWhatIsNotFinite) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    Histogram h;
    const float x[] = {1, bad, 2};
    EXPECT_FALSE(h.Add(x, 3));
  }
}

TEST(Range, MinMaxAlwaysHasZero) {
  const Range positive = RangeOf({1, 2, 3}, "minmax");
  EXPECT_EQ(positive.low, 0);
  EXPECT_EQ(positive.high, 3);
  EXPECT_EQ(RangeOf({-4, -2}, "minmax").high, 0);
}

TEST(Range, MethodsThatClipPassOverAnOutlier) {
  const std::vector<float> x = Normal(1000000, 40);
  EXPECT_EQ(RangeOf(x, "minmax").high, 40);
  for (const char* method : {"percentile", "percentile:99.9", "entropy", "mse"}) {
    const Range range = RangeOf(x, method);
    EXPECT_LT(range.high, 20) << method;
    EXPECT_GT(range.high, 2) << method;
    EXPECT_LT(range.low, -2) << method;
  }
}

TEST(Range, LeastSquaresBeatsMinMax) {
  const std::vector<float> x = Normal(100000, 8);
  const auto error = [&](const Range& range) {
    const QuantParams p = ParamsOf(range);
    double sum = 0;
    for (float v : x) {
      const double q = std::min(std::max(std::nearbyint(v / p.scale) + p.zero_point, 0.0f), 255.0f);
      sum += std::pow(v - p.scale * (q - p.zero_point), 2);
    }
    return sum;
  };
  EXPECT_LT(error(RangeOf(x, "mse")), 0.9 * error(RangeOf(x, "minmax")));
}

TEST(Range, MovingAverageForgets) {
  Observation seen;
  for (float most : {1.0f, 1.0f, 1.0f, 100.0f, 1.0f, 1.0f}) {
    const float x[] = {-most, most};
    ASSERT_TRUE(seen.Add(x, 2));
  }
  const Range range = seen.RangeBy(*ParseRangeMethod("average"));
  EXPECT_GT(range.high, 1);
  EXPECT_LT(range.high, 12);
}

TEST(Range, ParamsKeepZeroExact) {
  const QuantParams p = ParamsOf({-1, 2});
  EXPECT_NEAR(p.scale, 3.0 / 255, 1e-7);
  EXPECT_EQ(p.zero_point, 85);
  EXPECT_EQ(ParamsOf({0, 5}).zero_point, 0);
  EXPECT_EQ(ParamsOf({-5, 0}).zero_point, 255);
  EXPECT_GT(ParamsOf({0, 0}).scale, 0);
}

TEST(Range, MethodsByName) {
  for (const char* good : {"auto", "minmax", "average", "percentile:99.5", "entropy", "mse"})
    EXPECT_EQ(RangeMethodText(*ParseRangeMethod(good)), good);
  for (const char* bad :
       {"", "max", "percentile:", "percentile:40", "percentile:101", "percentile:x", "percentilex"})
    EXPECT_FALSE(ParseRangeMethod(bad).has_value()) << bad;
}

}  // namespace
}  // namespace pare::converter
