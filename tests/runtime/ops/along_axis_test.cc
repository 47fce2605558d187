// ArgReduce, Hardmax, CumSum, LpNorm and Lrn.
#include <cmath>

#include "tests/support/op_test.h"
#include "tests/support/random.h"
#include "tests/support/tolerance.h"

namespace pare {
namespace {

using test::OpTest;
using Dims = std::vector<int64_t>;

std::vector<int64_t> ArgReduce(bool largest, bool last, int64_t axis, bool keep, Dims expected) {
  fb::ArgReduceT attributes;
  attributes.largest = largest;
  attributes.select_last = last;
  attributes.axis = axis;
  attributes.keep_dims = keep;
  OpTest<fb::ArgReduceT> t(attributes);
  t.In<float>({2, 3}, {2, 5, 5, 2, 1, 1});
  EXPECT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), expected);
  return t.Values<int64_t>(0);
}

TEST(ArgReduceOp, FindsTheFirstOrTheLastExtreme) {
  EXPECT_EQ(ArgReduce(true, false, 1, true, {2, 1}), (Dims{1, 0}));
  EXPECT_EQ(ArgReduce(true, true, -1, false, {2}), (Dims{2, 0}));
  EXPECT_EQ(ArgReduce(false, false, 1, false, {2}), (Dims{0, 1}));
  EXPECT_EQ(ArgReduce(false, true, 1, false, {2}), (Dims{0, 2}));
  EXPECT_EQ(ArgReduce(true, false, 0, true, {1, 3}), (Dims{0, 0, 0}));
  EXPECT_EQ(ArgReduce(true, true, 0, false, {3}), (Dims{1, 0, 0}));
}

TEST(ArgReduceOp, FindsNanFirstAndTakesIntegers) {
  OpTest<fb::ArgReduceT> nan;
  nan.In<float>({4}, {1, std::nanf(""), 9, std::nanf("")});
  ASSERT_TRUE(nan.Run());
  EXPECT_EQ(nan.Values<int64_t>(0), Dims{1});
  OpTest<fb::ArgReduceT> integers;
  integers.In<int64_t>({3}, {INT64_MIN, INT64_MAX, 0});
  ASSERT_TRUE(integers.Run());
  EXPECT_EQ(integers.Values<int64_t>(0), Dims{1});
  OpTest<fb::ArgReduceT> empty;
  empty.In<float>({0, 2}, {});
  EXPECT_FALSE(empty.TryRun().ok());
  OpTest<fb::ArgReduceT> bytes;
  bytes.In<uint8_t>({1}, {1});
  EXPECT_FALSE(bytes.TryRun().ok());
}

TEST(HardmaxOp, MarksTheFirstLargest) {
  for (int64_t axis : {0, 1}) {
    fb::HardmaxT attributes;
    attributes.axis = axis;
    OpTest<fb::HardmaxT> t(attributes);
    t.In<float>({2, 3}, {2, 5, 5, 3, 1, 9});
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Values<float>(0), axis == 1 ? (std::vector<float>{0, 1, 0, 0, 0, 1})
                                            : (std::vector<float>{0, 1, 0, 1, 0, 1}));
  }
}

TEST(CumSumOp, SumsForwardBackwardAndExclusively) {
  const struct {
    bool exclusive, reverse;
    std::vector<float> y;
  } kCases[] = {{false, false, {1, 3, 6, 4, 9, 15}},
                {true, false, {0, 1, 3, 0, 4, 9}},
                {false, true, {6, 5, 3, 15, 11, 6}},
                {true, true, {5, 3, 0, 11, 6, 0}}};
  for (const auto& c : kCases) {
    fb::CumSumT attributes;
    attributes.exclusive = c.exclusive;
    attributes.reverse = c.reverse;
    OpTest<fb::CumSumT> t(attributes);
    t.In<float>({2, 3}, {1, 2, 3, 4, 5, 6}).In<int32_t>({}, {-1});
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Values<float>(0), c.y);
  }
}

TEST(CumSumOp, WrapsIntegersAndChecksTheAxisWhenItComes) {
  OpTest<fb::CumSumT> wraps;
  wraps.In<int32_t>({2, 2}, {INT32_MAX, 1, 1, 2});
  ASSERT_TRUE(wraps.Run());
  EXPECT_EQ(wraps.Values<int32_t>(0), (std::vector<int32_t>{INT32_MAX, 1, INT32_MIN, 3}));
  OpTest<fb::CumSumT> known, unknown;
  known.In<float>({1}, {1}).Known<int64_t>({1}, {1});
  EXPECT_FALSE(known.TryRun().ok());
  unknown.In<float>({1}, {1}).In<int64_t>({1}, {7});
  EXPECT_FALSE(unknown.TryRun().ok());
}

TEST(LpNormOp, MatchesTheDefinition) {
  for (int64_t p : {1, 2}) {
    for (int64_t axis : {0, 1, 2}) {
      const Dims dims = {3, 5, 7};
      std::vector<float> x = test::Uniform(105, -2, 2);
      fb::LpNormT attributes;
      attributes.p = p;
      attributes.axis = axis;
      OpTest<fb::LpNormT> t(attributes);
      t.In<float>(dims, x);
      ASSERT_TRUE(t.Run());
      const std::vector<float> y = t.Values<float>(0);
      const size_t n = static_cast<size_t>(dims[static_cast<size_t>(axis)]);
      const size_t inner = axis == 0 ? 35 : axis == 1 ? 7 : 1;
      for (size_t i = 0; i < x.size(); ++i) {
        const size_t first = i / (n * inner) * n * inner + i % inner;
        double sum = 0;
        for (size_t j = 0; j < n; ++j) sum += std::pow(std::fabs(x[first + j * inner]), p);
        EXPECT_TRUE(
            test::IsClose(y[i], x[i] / std::pow(sum, 1.0 / static_cast<double>(p)), "LpNorm"));
      }
    }
  }
  OpTest<fb::LpNormT> zero;
  zero.In<float>({2}, {0, 0});
  ASSERT_TRUE(zero.Run());
  EXPECT_EQ(zero.Values<float>(0), (std::vector<float>{0, 0}));
}

TEST(LrnOp, MatchesTheDefinition) {
  for (int64_t size : {1, 2, 5, 40}) {
    for (float beta : {0.75f, 0.5f}) {
      const int64_t channels = 19;
      const std::vector<float> x = test::Uniform(12 * channels, -50, 50);
      fb::LrnT attributes;
      attributes.size = size;
      attributes.beta = beta;
      attributes.alpha = 1e-3f;
      OpTest<fb::LrnT> t(attributes);
      t.In<float>({2, 2, 3, channels}, x).Threads(2);
      ASSERT_TRUE(t.Run());
      const std::vector<float> y = t.Values<float>(0);
      for (int64_t i = 0; i < 12 * channels; ++i) {
        const int64_t c = i % channels;
        double sum = 0;
        for (int64_t j = c - (size - 1) / 2; j <= c + size / 2; ++j) {
          if (j >= 0 && j < channels) sum += std::pow(x[static_cast<size_t>(i - c + j)], 2);
        }
        const double base =
            1 + static_cast<double>(attributes.alpha) / static_cast<double>(size) * sum;
        const double exact = x[static_cast<size_t>(i)] / std::pow(base, beta);
        EXPECT_TRUE(test::IsClose(y[static_cast<size_t>(i)], exact, "Lrn"));
      }
    }
  }
}

}  // namespace
}  // namespace pare
