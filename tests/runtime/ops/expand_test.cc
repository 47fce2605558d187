// Expand, Tile, ConstantOfShape, ShapeOf, Size, Range: results whose size is a value.
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/support/op_test.h"

namespace pare::test {
namespace {

using Integers = std::vector<int64_t>;

TEST(Expand, RepeatsOnes) {
  fb::ExpandT attributes;
  attributes.shape = {2, 1, 3};
  OpTest<fb::ExpandT> t(attributes);
  t.In<float>({2, 1}, {1, 2});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{2, 2, 3}));
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}));
}

TEST(Expand, AcceptsEmptyAndRejectsMisfits) {
  OpTest<fb::ExpandT> empty;
  empty.In<float>({1}, {1}).Known<int64_t>({2}, {0, 1});
  ASSERT_TRUE(empty.Run());
  EXPECT_EQ(empty.Shape(0), (Integers{0, 1}));
  for (const Integers& shape : std::vector<Integers>{{3}, {-1}, {INT64_MAX, 2}}) {
    fb::ExpandT attributes;
    attributes.shape = shape;
    OpTest<fb::ExpandT> t(attributes);
    EXPECT_EQ(t.In<float>({2}, {1, 2}).TryRun().code, Code::kShape);
  }
}

TEST(Tile, RepeatsEachAxis) {
  OpTest<fb::TileT> t;
  t.In<int16_t>({2, 2}, {1, 2, 3, 4}).Known<int64_t>({2}, {2, 2});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{4, 4}));
  EXPECT_EQ(t.Values<int16_t>(0),
            (std::vector<int16_t>{1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4}));
}

TEST(Tile, RejectsBadRepeats) {
  for (const Integers& repeats : std::vector<Integers>{{2}, {-1, 1}, {INT64_MAX, INT64_MAX}}) {
    fb::TileT attributes;
    attributes.repeats = repeats;
    OpTest<fb::TileT> t(attributes);
    EXPECT_EQ(t.In<float>({2, 2}, {1, 2, 3, 4}).TryRun().code, Code::kShape);
  }
}

TEST(ConstantOfShape, FillsWithItsValue) {
  fb::ConstantOfShapeT attributes;
  attributes.dtype = fb::DType::F32;
  attributes.bits = 0x3fc00000;  // 1.5f
  OpTest<fb::ConstantOfShapeT> t(attributes);
  t.Known<int64_t>({2}, {2, 3});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{2, 3}));
  EXPECT_EQ(t.Values<float>(0), std::vector<float>(6, 1.5f));
  OpTest<fb::ConstantOfShapeT> negative(attributes);
  EXPECT_EQ(negative.Known<int64_t>({1}, {-1}).TryRun().code, Code::kShape);
}

TEST(ShapeOf, ReadsDimensions) {
  OpTest<fb::ShapeOfT> t;
  ASSERT_TRUE(t.In<float>({2, 0, 3}, {}).Run());
  EXPECT_EQ(t.Values<int64_t>(0), (Integers{2, 0, 3}));
  fb::ShapeOfT attributes;
  attributes.start = -2;
  attributes.end = -1;
  OpTest<fb::ShapeOfT> part(attributes);
  ASSERT_TRUE(part.In<float>({2, 1, 1}, {1, 2}).Run());
  EXPECT_EQ(part.Values<int64_t>(0), (Integers{1}));
}

TEST(Size, CountsElements) {
  OpTest<fb::SizeT> t;
  ASSERT_TRUE(t.In<float>({2, 3}, {1, 2, 3, 4, 5, 6}).Run());
  EXPECT_EQ(t.Values<int64_t>(0), (Integers{6}));
}

TEST(Range, CountsUpAndDown) {
  OpTest<fb::RangeT> down;
  down.Known<int32_t>({}, {10}).Known<int32_t>({}, {4}).Known<int32_t>({}, {-4});
  ASSERT_TRUE(down.Run());
  EXPECT_EQ(down.Values<int32_t>(0), (std::vector<int32_t>{10, 6}));
  OpTest<fb::RangeT> floats;
  floats.Known<float>({}, {1}).Known<float>({}, {2}).Known<float>({}, {0.25f});
  ASSERT_TRUE(floats.Run());
  EXPECT_EQ(floats.Values<float>(0), (std::vector<float>{1, 1.25f, 1.5f, 1.75f}));
  OpTest<fb::RangeT> none;
  none.Known<int64_t>({}, {1}).Known<int64_t>({}, {1}).Known<int64_t>({}, {1});
  ASSERT_TRUE(none.Run());
  EXPECT_EQ(none.Shape(0), (Integers{0}));
}

TEST(Range, SurvivesTheEndsOfTheIntegers) {
  OpTest<fb::RangeT> t;
  t.Known<int64_t>({}, {INT64_MAX - 3}).Known<int64_t>({}, {INT64_MAX}).Known<int64_t>({}, {2});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<int64_t>(0), (Integers{INT64_MAX - 3, INT64_MAX - 1}));
  OpTest<fb::RangeT> huge;
  huge.Known<int64_t>({}, {INT64_MIN}).Known<int64_t>({}, {INT64_MAX}).Known<int64_t>({}, {1});
  EXPECT_EQ(huge.TryRun().code, Code::kShape);
}

TEST(Range, RejectsZeroStepsAndUnknownEnds) {
  OpTest<fb::RangeT> zero;
  zero.Known<float>({}, {1}).Known<float>({}, {2}).Known<float>({}, {0});
  EXPECT_EQ(zero.TryRun().code, Code::kShape);
  OpTest<fb::RangeT> unknown;
  unknown.In<float>({}, {1}).In<float>({}, {2}).In<float>({}, {1});
  EXPECT_EQ(unknown.TryRun().code, Code::kUnknownSize);
}

}  // namespace
}  // namespace pare::test
