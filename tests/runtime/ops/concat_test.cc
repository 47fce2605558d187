// Concat and Split, each the other's inverse.
#include <cstdint>
#include <vector>

#include "tests/support/op_test.h"

namespace pare::test {
namespace {

using Integers = std::vector<int64_t>;

fb::ConcatT ConcatOn(int64_t axis) {
  fb::ConcatT attributes;
  attributes.axis = axis;
  return attributes;
}

fb::SplitT SplitOn(int64_t axis, Integers sizes = {}) {
  fb::SplitT attributes;
  attributes.axis = axis;
  attributes.sizes = std::move(sizes);
  return attributes;
}

TEST(Concat, JoinsAlongAnAxis) {
  OpTest<fb::ConcatT> t(ConcatOn(-1));
  t.In<float>({2, 1}, {1, 2}).In<float>({2, 2}, {3, 4, 5, 6}).In<float>({2, 0}, {});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{2, 3}));
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{1, 3, 4, 2, 5, 6}));
}

TEST(Concat, JoinsLargeBytesOnTwoThreads) {
  std::vector<uint8_t> a(300 * 700), b(300 * 301);
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<uint8_t>(i * 7);
  for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<uint8_t>(i * 13);
  OpTest<fb::ConcatT> t(ConcatOn(1));
  t.In<uint8_t>({300, 700}, a).In<uint8_t>({300, 301}, b).Threads(2);
  ASSERT_TRUE(t.Run());
  const std::vector<uint8_t> y = t.Values<uint8_t>(0);
  for (size_t row = 0; row < 300; ++row) {
    for (size_t i = 0; i < 1001; ++i) {
      ASSERT_EQ(y[row * 1001 + i], i < 700 ? a[row * 700 + i] : b[row * 301 + i - 700]);
    }
  }
  OpTest<fb::ConcatT> whole(ConcatOn(0));
  whole.In<uint8_t>({300 * 700}, a).In<uint8_t>({300 * 301}, b).Threads(2);
  ASSERT_TRUE(whole.Run());
  a.insert(a.end(), b.begin(), b.end());
  EXPECT_EQ(whole.Values<uint8_t>(0), a);
}

TEST(Concat, RejectsWhatDoesNotFit) {
  OpTest<fb::ConcatT> shape(ConcatOn(0));
  EXPECT_EQ(shape.In<float>({1, 2}, {1, 2}).In<float>({1, 1}, {1}).TryRun().code, Code::kShape);
  OpTest<fb::ConcatT> type(ConcatOn(0));
  EXPECT_EQ(type.In<float>({1}, {1}).In<int32_t>({1}, {1}).TryRun().code, Code::kShape);
  OpTest<fb::ConcatT> axis(ConcatOn(0));
  EXPECT_EQ(axis.In<float>({}, {1}).In<float>({}, {1}).TryRun().code, Code::kShape);
}

TEST(Split, CutsBySizes) {
  OpTest<fb::SplitT> t(SplitOn(1, {1, 2}));
  t.In<float>({2, 3}, {1, 2, 3, 4, 5, 6}).Outputs(2);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{1, 4}));
  EXPECT_EQ(t.Values<float>(1), (std::vector<float>{2, 3, 5, 6}));
}

TEST(Split, CutsIntoEqualPartsTheLastSmaller) {
  OpTest<fb::SplitT> t(SplitOn(0));
  t.In<int64_t>({5}, {1, 2, 3, 4, 5}).Outputs(3);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<int64_t>(1), (Integers{3, 4}));
  EXPECT_EQ(t.Values<int64_t>(2), (Integers{5}));
}

TEST(Split, ReadsSizesWhenItRuns) {
  OpTest<fb::SplitT> t(SplitOn(0));
  t.In<float>({3}, {1, 2, 3}).In<int64_t>({2}, {0, 3}).Outputs(2);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{0}));
  EXPECT_EQ(t.Values<float>(1), (std::vector<float>{1, 2, 3}));
  OpTest<fb::SplitT> wrong(SplitOn(0));
  wrong.In<float>({3}, {1, 2, 3}).In<int64_t>({2}, {5, -2}).Outputs(2);
  EXPECT_EQ(wrong.TryRun().code, Code::kShape);
}

TEST(Split, RejectsSizesThatDoNotAddUp) {
  for (const Integers& sizes :
       std::vector<Integers>{{1, 1}, {3}, {-1, 4}, {INT64_MAX, INT64_MAX}}) {
    OpTest<fb::SplitT> t(SplitOn(0, sizes));
    EXPECT_EQ(t.In<float>({3}, {1, 2, 3}).Outputs(2).TryRun().code, Code::kShape);
  }
}

}  // namespace
}  // namespace pare::test
