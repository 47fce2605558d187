// Trilu, EyeLike, ReverseSequence, DepthToSpace, SpaceToDepth: fixed rearrangements.
#include <cstdint>
#include <numeric>
#include <vector>

#include "tests/support/op_test.h"

namespace pare::test {
namespace {

using Integers = std::vector<int64_t>;
using Floats = std::vector<float>;

Integers Iota(int64_t n) {
  Integers values(static_cast<size_t>(n));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

TEST(Trilu, KeepsATriangle) {
  for (const int64_t k : {int64_t{-9}, int64_t{-1}, int64_t{0}, int64_t{2}, INT64_MAX, INT64_MIN}) {
    for (const bool upper : {false, true}) {
      fb::TriluT attributes;
      attributes.upper = upper;
      OpTest<fb::TriluT> t(attributes);
      t.In<int64_t>({2, 3, 4}, Iota(24)).In<int64_t>({}, {k});
      ASSERT_TRUE(t.Run());
      const Integers y = t.Values<int64_t>(0);
      for (int64_t i = 0; i < 24; ++i) {
        const int64_t row = i / 4 % 3, column = i % 4;
        const int64_t near = k < -20 ? -20 : k > 20 ? 20 : k;
        const bool kept = upper ? column >= row + near : column <= row + near;
        EXPECT_EQ(y[i], kept ? i : 0) << "k " << k << " at " << i;
      }
    }
  }
}

TEST(EyeLike, SetsADiagonal) {
  fb::EyeLikeT attributes;
  attributes.dtype = fb::DType::F32;
  attributes.k = 1;
  OpTest<fb::EyeLikeT> t(attributes);
  ASSERT_TRUE(t.In<int32_t>({2, 3}, {0, 0, 0, 0, 0, 0}).Run());
  EXPECT_EQ(t.Values<float>(0), (Floats{0, 1, 0, 0, 0, 1}));
  attributes.k = INT64_MIN;
  OpTest<fb::EyeLikeT> none(attributes);
  ASSERT_TRUE(none.In<int32_t>({1, 2}, {0, 0}).Run());
  EXPECT_EQ(none.Values<float>(0), (Floats{0, 0}));
}

TEST(ReverseSequence, TurnsTheFirstStepsAround) {
  OpTest<fb::ReverseSequenceT> time_major;
  time_major.In<int64_t>({4, 2}, Iota(8)).In<int64_t>({2}, {3, 1});
  ASSERT_TRUE(time_major.Run());
  EXPECT_EQ(time_major.Values<int64_t>(0), (Integers{4, 1, 2, 3, 0, 5, 6, 7}));
  fb::ReverseSequenceT attributes;
  attributes.batch_axis = 0;
  attributes.time_axis = 1;
  OpTest<fb::ReverseSequenceT> batch_major(attributes);
  batch_major.In<int64_t>({2, 2, 2}, Iota(8)).In<int64_t>({2}, {2, 0});
  ASSERT_TRUE(batch_major.Run());
  EXPECT_EQ(batch_major.Values<int64_t>(0), (Integers{2, 3, 0, 1, 4, 5, 6, 7}));
  OpTest<fb::ReverseSequenceT> outside(attributes);
  outside.In<int64_t>({1, 2}, Iota(2)).In<int64_t>({1}, {3});
  EXPECT_EQ(outside.TryRun().code, Code::kInvalidArgument);
}

// ONNX's definition on [N, C, H, W], with both images moved to channels-last.
Integers NaiveDepthToSpace(const Integers& x, int64_t h, int64_t w, int64_t c, int64_t b,
                           bool crd) {
  const int64_t depth = c / (b * b);
  Integers y(x.size());
  for (int64_t row = 0; row < h * b; ++row) {
    for (int64_t column = 0; column < w * b; ++column) {
      for (int64_t d = 0; d < depth; ++d) {
        const int64_t block = row % b * b + column % b;
        const int64_t channel = crd ? d * b * b + block : block * depth + d;
        y[(row * w * b + column) * depth + d] = x[(row / b * w + column / b) * c + channel];
      }
    }
  }
  return y;
}

TEST(DepthToSpace, FollowsOnnxInBothOrders) {
  for (const bool crd : {false, true}) {
    fb::DepthToSpaceT attributes;
    attributes.block = 2;
    attributes.crd = crd;
    OpTest<fb::DepthToSpaceT> t(attributes);
    t.In<int64_t>({1, 2, 3, 12}, Iota(72));
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Shape(0), (Integers{1, 4, 6, 3}));
    EXPECT_EQ(t.Values<int64_t>(0), NaiveDepthToSpace(Iota(72), 2, 3, 12, 2, crd));
  }
  fb::DepthToSpaceT attributes;
  attributes.block = 5;
  OpTest<fb::DepthToSpaceT> t(attributes);
  EXPECT_EQ(t.In<int64_t>({1, 1, 1, 12}, Iota(12)).TryRun().code, Code::kShape);
}

TEST(SpaceToDepth, UndoesDepthToSpace) {
  const Integers image = NaiveDepthToSpace(Iota(72), 2, 3, 12, 2, false);
  fb::SpaceToDepthT attributes;
  attributes.block = 2;
  OpTest<fb::SpaceToDepthT> t(attributes);
  t.In<int64_t>({1, 4, 6, 3}, image);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{1, 2, 3, 12}));
  EXPECT_EQ(t.Values<int64_t>(0), Iota(72));
  attributes.block = 0;
  OpTest<fb::SpaceToDepthT> zero(attributes);
  EXPECT_EQ(zero.In<int64_t>({1, 1, 1, 1}, {0}).TryRun().code, Code::kShape);
}

}  // namespace
}  // namespace pare::test
