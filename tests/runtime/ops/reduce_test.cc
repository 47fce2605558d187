#include <cmath>
#include <limits>

#include "tests/support/op_test.h"
#include "tests/support/random.h"
#include "tests/support/tolerance.h"

namespace pare {
namespace {

using fb::ReduceKind;
using test::OpTest;
using Dims = std::vector<int64_t>;

constexpr ReduceKind kKinds[] = {ReduceKind::Sum,      ReduceKind::Mean,      ReduceKind::Max,
                                 ReduceKind::Min,      ReduceKind::Prod,      ReduceKind::L1,
                                 ReduceKind::L2,       ReduceKind::SumSquare, ReduceKind::LogSum,
                                 ReduceKind::LogSumExp};

double Reduced(ReduceKind kind, const std::vector<double>& terms) {
  double sum = 0, abs = 0, square = 0, exp = 0, prod = 1;
  double max = -std::numeric_limits<double>::infinity(), min = -max;
  for (double t : terms) {
    sum += t;
    abs += std::fabs(t);
    square += t * t;
    exp += std::exp(t);
    prod *= t;
    max = std::fmax(max, t);
    min = std::fmin(min, t);
  }
  switch (kind) {
    case ReduceKind::Sum: return sum;
    case ReduceKind::Mean: return sum / static_cast<double>(terms.size());
    case ReduceKind::Max: return max;
    case ReduceKind::Min: return min;
    case ReduceKind::Prod: return prod;
    case ReduceKind::L1: return abs;
    case ReduceKind::L2: return std::sqrt(square);
    case ReduceKind::SumSquare: return square;
    case ReduceKind::LogSum: return std::log(sum);
    default: return std::log(exp);
  }
}

// The terms of each output element, in order.
std::vector<std::vector<double>> Terms(const Dims& dims, uint32_t mask,
                                       const std::vector<float>& x) {
  int64_t outputs = 1;
  for (size_t i = 0; i < dims.size(); ++i) outputs *= (mask >> i & 1) != 0 ? 1 : dims[i];
  std::vector<std::vector<double>> terms(static_cast<size_t>(outputs));
  for (size_t i = 0; i < x.size(); ++i) {
    int64_t rest = static_cast<int64_t>(i), to = 0, stride = 1;
    for (size_t d = dims.size(); d-- > 0;) {
      if ((mask >> d & 1) == 0) {
        to += rest % dims[d] * stride;
        stride *= dims[d];
      }
      rest /= dims[d];
    }
    terms[static_cast<size_t>(to)].push_back(x[i]);
  }
  return terms;
}

void Check(ReduceKind kind, const Dims& dims, uint32_t mask, bool keep, size_t threads) {
  // Near 1, so that products and logarithms stay in range.
  const std::vector<float> x = test::Uniform(test::CountOf(dims), 0.96f, 1.03f);
  fb::ReduceT attributes;
  attributes.kind = kind;
  attributes.keep_dims = keep;
  Dims expected;
  for (size_t i = 0; i < dims.size(); ++i) {
    const bool reduced = (mask >> i & 1) != 0;
    if (reduced)
      attributes.axes.push_back(static_cast<int64_t>(i) - static_cast<int64_t>(dims.size()));
    if (!reduced || keep) expected.push_back(reduced ? 1 : dims[i]);
  }
  attributes.noop_with_empty_axes = true;
  OpTest<fb::ReduceT> t(attributes);
  t.In<float>(dims, x).Threads(threads);
  ASSERT_TRUE(t.Run());
  ASSERT_EQ(t.Shape(0), expected);
  const std::vector<float> y = t.Values<float>(0);
  const auto terms = Terms(dims, mask, x);
  ASSERT_EQ(y.size(), terms.size());
  for (size_t i = 0; i < y.size(); ++i) {
    const double exact = Reduced(kind, terms[i]);
    const double scale = kind == ReduceKind::Prod || kind == ReduceKind::LogSumExp ? 64 : 1;
    ASSERT_TRUE(test::IsClose(y[i], exact, "Reduce", scale))
        << fb::EnumNameReduceKind(kind) << " " << testing::PrintToString(dims) << " mask " << mask
        << ": " << y[i] << " is not " << exact;
  }
}

TEST(ReduceOp, MatchesTheDefinitionOverEverySetOfAxes) {
  for (const Dims& dims :
       {Dims{5}, Dims{3, 70}, Dims{2, 3, 4, 5}, Dims{2, 7, 7, 96}, Dims{4, 1, 33, 3}}) {
    for (uint32_t mask = 0; mask < 1u << dims.size(); ++mask) {
      for (ReduceKind kind : kKinds) Check(kind, dims, mask, mask % 2 == 0, 1 + mask % 2);
    }
  }
}

TEST(ReduceOp, SumsManyTermsAccurately) {
  Check(ReduceKind::Mean, {1, 200, 200, 20}, 0b0110, true, 2);
  Check(ReduceKind::Sum, {100000}, 1, true, 1);
  for (const auto kind : {ReduceKind::Max, ReduceKind::Min, ReduceKind::L1, ReduceKind::L2}) {
    for (const size_t threads : {1, 2}) Check(kind, {1, 70, 70, 24}, 0b0110, true, threads);
  }
}

TEST(ReduceOp, ReducesIntegers) {
  const struct {
    ReduceKind kind;
    std::vector<int64_t> y;
  } kCases[] = {{ReduceKind::Sum, {6, -6}},       {ReduceKind::Mean, {2, -2}},
                {ReduceKind::Max, {3, -1}},       {ReduceKind::Min, {1, -3}},
                {ReduceKind::Prod, {6, -6}},      {ReduceKind::L1, {6, 6}},
                {ReduceKind::SumSquare, {14, 14}}};
  for (const auto& c : kCases) {
    for (int64_t axis : {0, 1}) {
      fb::ReduceT attributes;
      attributes.kind = c.kind;
      attributes.keep_dims = false;
      OpTest<fb::ReduceT> t(attributes);
      if (axis == 1) {
        t.In<int64_t>({2, 3}, {1, 2, 3, -1, -2, -3});
      } else {
        t.In<int64_t>({3, 2}, {1, -1, 2, -2, 3, -3});
      }
      t.Known<int64_t>({1}, {axis});
      ASSERT_TRUE(t.Run());
      EXPECT_EQ(t.Values<int64_t>(0), c.y) << fb::EnumNameReduceKind(c.kind);
    }
  }
}

TEST(ReduceOp, ReducesNothingToTheNeutralElement) {
  const float inf = std::numeric_limits<float>::infinity();
  const struct {
    ReduceKind kind;
    float y;
  } kCases[] = {{ReduceKind::Sum, 0},   {ReduceKind::Prod, 1},      {ReduceKind::Max, -inf},
                {ReduceKind::Min, inf}, {ReduceKind::LogSum, -inf}, {ReduceKind::LogSumExp, -inf},
                {ReduceKind::L2, 0}};
  for (const auto& c : kCases) {
    fb::ReduceT attributes;
    attributes.kind = c.kind;
    attributes.axes = {1};
    OpTest<fb::ReduceT> t(attributes);
    t.In<float>({2, 0, 3}, {});
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Values<float>(0), std::vector<float>(6, c.y)) << fb::EnumNameReduceKind(c.kind);
  }
}

TEST(ReduceOp, KeepsNanAndLargeExponents) {
  fb::ReduceT attributes;
  attributes.kind = ReduceKind::Max;
  OpTest<fb::ReduceT> max(attributes);
  max.In<float>({3}, {1, std::nanf(""), 2});
  ASSERT_TRUE(max.Run());
  EXPECT_TRUE(std::isnan(max.Values<float>(0)[0]));
  attributes.kind = ReduceKind::LogSumExp;
  OpTest<fb::ReduceT> large(attributes);
  large.In<float>({2}, {1000, 1000});
  ASSERT_TRUE(large.Run());
  EXPECT_NEAR(large.Values<float>(0)[0], 1000.6931472, 1e-3);
}

TEST(ReduceOp, RefusesBadAxesAndTypes) {
  for (const Dims& axes : {Dims{2}, Dims{-3}, Dims{0, 0}, Dims{0, -2}}) {
    fb::ReduceT attributes;
    attributes.axes = axes;
    OpTest<fb::ReduceT> t(attributes);
    t.In<float>({1, 1}, {1});
    EXPECT_FALSE(t.TryRun().ok());
  }
  OpTest<fb::ReduceT> bytes;
  bytes.In<uint8_t>({1}, {1});
  EXPECT_FALSE(bytes.TryRun().ok());
  fb::ReduceT attributes;
  attributes.kind = ReduceKind::LogSum;
  OpTest<fb::ReduceT> integers(attributes);
  integers.In<int32_t>({1}, {1});
  EXPECT_FALSE(integers.TryRun().ok());
}

}  // namespace
}  // namespace pare
