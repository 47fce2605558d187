// Weights in 4 bits: what they decode to, and what they refuse.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "converter/quantize/int4.h"
#include "converter/quantize/nf4.h"
#include "runtime/layout/layout.h"
#include "runtime/layout/nf4.h"

namespace pare::converter {
namespace {

constexpr Layout kInt4[] = {Layout::kInt4G32,  Layout::kInt4G64,  Layout::kInt4G128,
                            Layout::kUint4G32, Layout::kUint4G64, Layout::kUint4G128};

std::vector<float> Normal(size_t n, float mean = 0) {
  std::mt19937 engine(1);
  std::normal_distribution<float> values(mean, 0.02f);
  std::vector<float> v(n);
  for (float& x : v) x = values(engine);
  return v;
}

std::vector<float> Decode(const Weight& w) {
  std::vector<float> rows(static_cast<size_t>(w.shape.Elements()));
  DecodeLowBit(w.layout, w.bytes.data, w.shape, rows.data());
  return rows;
}

double RelativeError(const std::vector<float>& x, const std::vector<float>& y) {
  double error = 0, sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    error += std::pow(x[i] - y[i], 2);
    sum += std::pow(x[i], 2);
  }
  return std::sqrt(error / sum);
}

TEST(QuantizeInt4, ErrsByHalfAStepAtMost) {
  const Shape shape{2, {19, 384}};
  const std::vector<float> x = Normal(19 * 384);
  for (Layout layout : kInt4) {
    const auto w = QuantizeInt4(x.data(), shape, layout);
    ASSERT_TRUE(w.ok()) << w.status().message;
    const std::vector<float> y = Decode(w.value());
    const size_t group = GroupOf(layout);
    for (size_t i = 0; i < x.size(); i += group) {
      float largest = 0;
      for (size_t j = i; j < i + group; ++j) largest = std::max(largest, std::fabs(x[j]));
      // The end of the range that 8 steps reach only on one side is a step away.
      for (size_t j = i; j < i + group; ++j) ASSERT_LE(std::fabs(x[j] - y[j]), largest / 7) << j;
    }
    EXPECT_LT(RelativeError(x, y), group == 32 ? 0.09 : group == 64 ? 0.105 : 0.12);
  }
}

TEST(QuantizeInt4, MinimaTakeValuesOfOneSign) {
  const Shape shape{2, {16, 128}};
  const std::vector<float> x = Normal(16 * 128, 0.1f);
  const Weight minima = QuantizeInt4(x.data(), shape, Layout::kUint4G32).value();
  const Weight symmetric = QuantizeInt4(x.data(), shape, Layout::kInt4G32).value();
  EXPECT_LT(RelativeError(x, Decode(minima)), RelativeError(x, Decode(symmetric)) / 2);
}

TEST(QuantizeInt4, ValuesThatFitAreExact) {
  const Shape shape{2, {2, 32}};
  std::vector<float> x;
  for (int i = 0; i < 64; ++i) x.push_back(0.25f * static_cast<float>(i % 16 - 8));
  EXPECT_EQ(Decode(QuantizeInt4(x.data(), shape, Layout::kInt4G32).value()), x);
  EXPECT_EQ(Decode(QuantizeInt4(x.data(), shape, Layout::kUint4G32).value()), x);
  const std::vector<float> zeros(64, 0.f);
  EXPECT_EQ(Decode(QuantizeInt4(zeros.data(), shape, Layout::kInt4G32).value()), zeros);
  EXPECT_EQ(Decode(QuantizeInt4(zeros.data(), shape, Layout::kUint4G32).value()), zeros);
}

TEST(QuantizeNf4, ErrsLessThanIntegersOnNormalWeights) {
  const Shape shape{2, {35, 1088}};  // a last panel of 3 rows, a second block of one group
  const std::vector<float> x = Normal(35 * 1088);
  const auto nf4 = QuantizeNf4(x.data(), shape);
  ASSERT_TRUE(nf4.ok()) << nf4.status().message;
  const Weight int4 = QuantizeInt4(x.data(), shape, Layout::kInt4G64).value();
  EXPECT_LT(RelativeError(x, Decode(nf4.value())), 0.1);
  EXPECT_LT(RelativeError(x, Decode(nf4.value())), RelativeError(x, Decode(int4)));
  EXPECT_LE(static_cast<double>(nf4.value().bytes.size) * 8 / (48 * 1088), 4.25);
}

TEST(QuantizeNf4, GroupsOfZerosAreExact) {
  const Shape shape{2, {16, 128}};
  std::vector<float> x = Normal(16 * 128);
  std::fill(x.begin() + 64, x.begin() + 128, 0.f);
  const std::vector<float> y = Decode(QuantizeNf4(x.data(), shape).value());
  for (size_t i = 64; i < 128; ++i) EXPECT_EQ(y[i], 0);
}

// The quantile of the normal distribution, by bisection.
double Quantile(double p) {
  double low = -10, high = 10;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < p ? low : high) = middle;
  }
  return low;
}

// 8 probabilities from the offset down to a half and 7 on the other side, the half left out. The
// published levels are made of probabilities in single precision.
TEST(Nf4, LevelsAreNormalQuantiles) {
  constexpr float kOffset = 0.9677083f;
  const auto probability = [](int i, int n) {
    return static_cast<float>(kOffset + i * (0.5 - double{kOffset}) / n);
  };
  std::vector<double> levels = {0};
  for (int i = 0; i < 8; ++i) levels.push_back(Quantile(probability(i, 8)));
  for (int i = 0; i < 7; ++i) levels.push_back(-Quantile(probability(i, 7)));
  std::sort(levels.begin(), levels.end());
  const double largest = levels.back();
  ASSERT_EQ(levels.size(), 16u);
  for (size_t i = 0; i < 16; ++i) {
    EXPECT_NEAR(kNf4Levels[i], levels[i] / largest, 1e-7) << i;
    EXPECT_EQ(kNf4Codes[i], std::lround(kNf4Levels[i] * 127)) << i;
  }
}

TEST(FourBit, RefusesWhatCannotBeQuantized) {
  std::vector<float> x(2 * 96, 1.f);
  const Shape shape{2, {2, 96}}, row{1, {192}};
  EXPECT_EQ(QuantizeInt4(x.data(), shape, Layout::kInt4G64).status().code, Code::kUnsupported);
  EXPECT_EQ(QuantizeNf4(x.data(), shape).status().code, Code::kUnsupported);
  EXPECT_EQ(QuantizeInt4(x.data(), row, Layout::kInt4G32).status().code, Code::kUnsupported);
  EXPECT_EQ(QuantizeInt4(x.data(), shape, Layout::kInt8T16).status().code, Code::kUnsupported);
  x[5] = 1e6f;
  EXPECT_EQ(QuantizeInt4(x.data(), shape, Layout::kInt4G32).status().code, Code::kUnsupported);
  x[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(QuantizeInt4(x.data(), shape, Layout::kInt4G32).status().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace pare::converter
