// GridSample, RoiAlign, NonMaxSuppression: what detectors and their kin end with.
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/support/op_test.h"

namespace pare::test {
namespace {

using Integers = std::vector<int64_t>;
using Floats = std::vector<float>;

Floats Sampled(fb::GridMode mode, fb::GridPadding padding, bool align, const Floats& grid) {
  fb::GridSampleT attributes;
  attributes.mode = mode;
  attributes.padding = padding;
  attributes.align_corners = align;
  OpTest<fb::GridSampleT> t(attributes);
  const int64_t points = static_cast<int64_t>(grid.size()) / 2;
  t.In<float>({1, 2, 3, 1}, {0, 1, 2, 3, 4, 5}).In<float>({1, 1, points, 2}, grid);
  EXPECT_TRUE(t.Run());
  return t.Values<float>(0);
}

TEST(GridSample, ReadsCornersAndBetween) {
  EXPECT_EQ(
      Sampled(fb::GridMode::Bilinear, fb::GridPadding::Zeros, true, {-1, -1, 1, 1, 0, 0, 0.5f, -1}),
      (Floats{0, 5, 2.5f, 1.5f}));
  // The corner of the image is half an element outside: a quarter of one element is left.
  EXPECT_EQ(Sampled(fb::GridMode::Bilinear, fb::GridPadding::Zeros, false, {1, 1}),
            (Floats{1.25f}));
  EXPECT_EQ(Sampled(fb::GridMode::Bilinear, fb::GridPadding::Border, false, {1, 1, 9, 9}),
            (Floats{5, 5}));
  EXPECT_EQ(Sampled(fb::GridMode::Nearest, fb::GridPadding::Zeros, true, {0.4f, 0.6f, -3, 0}),
            (Floats{4, 0}));
  EXPECT_EQ(Sampled(fb::GridMode::Nearest, fb::GridPadding::Reflection, true, {2, -1}),
            (Floats{1}));
  const Floats cubic = Sampled(fb::GridMode::Bicubic, fb::GridPadding::Border, true, {0, -1, 1, 1});
  EXPECT_NEAR(cubic[0], 1, 1e-6);
  EXPECT_NEAR(cubic[1], 5, 1e-6);
}

TEST(GridSample, SurvivesWhatIsNoNumber) {
  for (const auto mode : {fb::GridMode::Bilinear, fb::GridMode::Nearest, fb::GridMode::Bicubic}) {
    for (const auto padding :
         {fb::GridPadding::Zeros, fb::GridPadding::Border, fb::GridPadding::Reflection}) {
      EXPECT_EQ(Sampled(mode, padding, false, {NAN, INFINITY, -INFINITY, 3e38f}).size(), 2u);
    }
  }
}

TEST(GridSample, RejectsMisfits) {
  OpTest<fb::GridSampleT> t;
  t.In<float>({1, 1, 1, 1}, {1}).In<float>({1, 1, 1, 3}, {0, 0, 0});
  EXPECT_EQ(t.TryRun().code, Code::kShape);
}

TEST(RoiAlign, AveragesARegion) {
  fb::RoiAlignT attributes;
  attributes.half_pixel = true;
  attributes.sampling_ratio = 1;
  attributes.output_height = 1;
  attributes.output_width = 2;
  OpTest<fb::RoiAlignT> t(attributes);
  t.In<float>({1, 2, 2, 1}, {1, 2, 3, 4}).In<float>({1, 4}, {0, 0, 2, 2}).In<int64_t>({1}, {0});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{1, 1, 2, 1}));
  EXPECT_EQ(t.Values<float>(0), (Floats{2, 3}));
  attributes.max = true;
  OpTest<fb::RoiAlignT> max(attributes);
  max.In<float>({1, 2, 2, 1}, {1, 2, 3, 4}).In<float>({1, 4}, {0, 0, 2, 2}).In<int64_t>({1}, {0});
  ASSERT_TRUE(max.Run());
  EXPECT_EQ(max.Values<float>(0), (Floats{1.5f, 2}));
  OpTest<fb::RoiAlignT> outside(attributes);
  outside.In<float>({1, 1, 1, 1}, {1}).In<float>({1, 4}, {0, 0, 2, 2}).In<int64_t>({1}, {1});
  EXPECT_EQ(outside.TryRun().code, Code::kInvalidArgument);
}

const Floats kBoxes = {0, 0, 1, 1, 0, 0.1f, 1, 1.1f, 0, 10, 1, 11, 1, 11.1f, 0, 10.1f};
const Floats kScores = {0.9f, 0.75f, 0.6f, 0.95f, 0.1f, 0.1f, 0.8f, NAN};

Integers Kept(bool center, const Floats& boxes, int64_t limit, bool known) {
  fb::NonMaxSuppressionT attributes;
  attributes.center_point_box = center;
  OpTest<fb::NonMaxSuppressionT> t(attributes);
  t.In<float>({1, 4, 4}, boxes).In<float>({1, 2, 4}, kScores);
  if (known) {
    t.Known<int64_t>({}, {limit});
  } else {
    t.In<int64_t>({}, {limit});
  }
  t.In<float>({}, {0.5f}).In<float>({}, {0.2f});
  EXPECT_TRUE(t.Run());
  return t.Values<int64_t>(0);
}

TEST(NonMaxSuppression, KeepsTheBestOfEachClass) {
  const Integers expected = {0, 0, 3, 0, 0, 0, 0, 1, 2};
  EXPECT_EQ(Kept(false, kBoxes, 3, true), expected);
  EXPECT_EQ(Kept(false, kBoxes, 3, false), expected);
  EXPECT_EQ(Kept(false, kBoxes, 1, false), (Integers{0, 0, 3, 0, 1, 2}));
  EXPECT_EQ(Kept(false, kBoxes, 0, true), Integers());
  const Floats centers = {0.5f, 0.5f, 1, 1, 0.6f, 0.5f, 1, 1, 10.5f, 0.5f, 1, 1, 10.6f, 0.5f, 1, 1};
  EXPECT_EQ(Kept(true, centers, 3, true), expected);
}

TEST(NonMaxSuppression, RejectsMisfits) {
  OpTest<fb::NonMaxSuppressionT> t;
  t.In<float>({1, 1, 4}, {0, 0, 1, 1}).In<float>({1, 1, 2}, {1, 1});
  EXPECT_EQ(t.TryRun().code, Code::kShape);
}

}  // namespace
}  // namespace pare::test
