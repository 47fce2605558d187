#include "runtime/core/tensor.h"

#include <gtest/gtest.h>

namespace pare {
namespace {

Shape Make(std::initializer_list<int64_t> dims) {
  Shape s;
  for (const int64_t d : dims) EXPECT_TRUE(s.Push(d));
  return s;
}

TEST(Shape, HasAtMostEightDimensions) {
  Shape s = Make({1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_FALSE(s.Push(9));
  EXPECT_EQ(s.Elements(), 40320);
  EXPECT_EQ(s.Elements(1, 3), 6);
}

TEST(CheckedBytes, RefusesNegativeAndOverflowing) {
  uint64_t bytes;
  EXPECT_TRUE(CheckedBytes(Make({}), 4, &bytes));
  EXPECT_EQ(bytes, 4u);
  EXPECT_TRUE(CheckedBytes(Make({3, 0, 5}), 8, &bytes));
  EXPECT_EQ(bytes, 0u);
  EXPECT_FALSE(CheckedBytes(Make({2, -1}), 4, &bytes));
  EXPECT_FALSE(CheckedBytes(Make({int64_t{1} << 40, int64_t{1} << 40}), 1, &bytes));
  EXPECT_FALSE(CheckedBytes(Make({int64_t{1} << 61}), 2, &bytes));
}

TEST(BroadcastShapes, FollowsNumpy) {
  Shape out;
  ASSERT_TRUE(BroadcastShapes(Make({4, 1, 3}), Make({5, 1}), &out));
  EXPECT_EQ(out, Make({4, 5, 3}));
  ASSERT_TRUE(BroadcastShapes(Make({}), Make({0, 2}), &out));
  EXPECT_EQ(out, Make({0, 2}));
  ASSERT_TRUE(BroadcastShapes(Make({1}), Make({0}), &out));
  EXPECT_EQ(out, Make({0}));
  EXPECT_FALSE(BroadcastShapes(Make({2}), Make({3}), &out));
  EXPECT_FALSE(BroadcastShapes(Make({2}), Make({0}), &out));
}

TEST(NormalizeAxis, TakesNegativeAxes) {
  int64_t axis = -1;
  EXPECT_TRUE(NormalizeAxis(3, &axis));
  EXPECT_EQ(axis, 2);
  axis = 3;
  EXPECT_FALSE(NormalizeAxis(3, &axis));
  axis = -4;
  EXPECT_FALSE(NormalizeAxis(3, &axis));
}

TEST(IntegerAt, ReadsEveryType) {
  uint8_t u8[] = {255};
  int16_t i16[] = {-7};
  float f32[] = {2.9f};
  uint16_t f16[] = {0x4500};  // 5
  Tensor t;
  t.data = u8;
  t.dtype = DType::kU8;
  EXPECT_EQ(IntegerAt(t, 0), 255);
  t.data = i16;
  t.dtype = DType::kI16;
  EXPECT_EQ(IntegerAt(t, 0), -7);
  t.data = f32;
  t.dtype = DType::kF32;
  EXPECT_EQ(IntegerAt(t, 0), 2);
  t.data = f16;
  t.dtype = DType::kF16;
  EXPECT_EQ(IntegerAt(t, 0), 5);
}

}  // namespace
}  // namespace pare
