#include <cstdint>
#include <random>
#include <vector>

#include "tests/support/op_test.h"

namespace pare::test {
namespace {

using Integers = std::vector<int64_t>;

fb::SliceT Attributes(Integers starts, Integers ends, Integers axes, Integers steps) {
  fb::SliceT attributes;
  attributes.starts = std::move(starts);
  attributes.ends = std::move(ends);
  attributes.axes = std::move(axes);
  attributes.steps = std::move(steps);
  return attributes;
}

std::vector<float> Iota(int64_t n) {
  std::vector<float> values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  return values;
}

TEST(Slice, TakesARange) {
  OpTest<fb::SliceT> t(Attributes({1, 0}, {2, INT64_MAX}, {0, 1}, {1, 2}));
  t.In<float>({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{1, 2}));
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{5, 7}));
}

TEST(Slice, GoesBackwards) {
  OpTest<fb::SliceT> t(Attributes({-1}, {INT64_MIN}, {1}, {-2}));
  t.In<float>({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{4, 2, 8, 6}));
}

TEST(Slice, ReadsItsRangeFromInputs) {
  OpTest<fb::SliceT> t;
  t.In<float>({5}, Iota(5)).Known<int32_t>({1}, {1}).Known<int32_t>({1}, {-1});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{1, 2, 3}));
}

TEST(Slice, SizesItsResultWhenItRuns) {
  OpTest<fb::SliceT> t;
  t.In<float>({2, 5}, Iota(10)).In<int64_t>({1}, {1}).In<int64_t>({1}, {3}).In<int64_t>({1}, {-1});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{2, 2}));
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{1, 2, 6, 7}));
}

TEST(Slice, TakesNothing) {
  OpTest<fb::SliceT> t(Attributes({3}, {1}, {0}, {}));
  t.In<float>({5}, Iota(5));
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{0}));
}

TEST(Slice, RejectsBadRanges) {
  OpTest<fb::SliceT> step(Attributes({0}, {1}, {0}, {0}));
  EXPECT_EQ(step.In<float>({5}, Iota(5)).TryRun().code, Code::kShape);
  OpTest<fb::SliceT> axis(Attributes({0}, {1}, {1}, {}));
  EXPECT_EQ(axis.In<float>({5}, Iota(5)).TryRun().code, Code::kShape);
  OpTest<fb::SliceT> twice(Attributes({0, 0}, {1, 1}, {0, -1}, {}));
  EXPECT_EQ(twice.In<float>({5}, Iota(5)).TryRun().code, Code::kShape);
  OpTest<fb::SliceT> lengths(Attributes({0, 0}, {1}, {0}, {}));
  EXPECT_EQ(lengths.In<float>({5}, Iota(5)).TryRun().code, Code::kShape);
}

// What Python's slice(start, end, step) takes of a list.
std::vector<float> Naive(const std::vector<float>& x, int64_t start, int64_t end, int64_t step) {
  const int64_t n = static_cast<int64_t>(x.size());
  std::vector<float> y;
  if (start < 0) start += n;
  if (end < 0) end += n;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t at = step > 0 ? i : n - 1 - i;
    if (step > 0) {
      if (start < 0) start = 0;
      if (at >= start && at < end && (at - start) % step == 0) y.push_back(x[at]);
    } else {
      if (start >= n) start = n - 1;
      if (at <= start && at > end && (start - at) % -step == 0) y.push_back(x[at]);
    }
  }
  return y;
}

TEST(Slice, AgreesWithPython) {
  std::mt19937 random(1);
  const auto pick = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  for (int round = 0; round < 200; ++round) {
    const int64_t n = pick(1, 9), start = pick(-12, 12), end = pick(-12, 12);
    const int64_t step = pick(0, 1) == 0 ? pick(1, 4) : -pick(1, 4);
    OpTest<fb::SliceT> t(Attributes({start}, {end}, {0}, {step}));
    t.In<float>({n}, Iota(n));
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Values<float>(0), Naive(Iota(n), start, end, step))
        << n << ": " << start << ' ' << end << ' ' << step;
  }
}

}  // namespace
}  // namespace pare::test
