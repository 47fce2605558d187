#include "tests/support/conv_test.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace pare {
namespace {

using test::ConvCase;
using test::ConvData;
using test::OpTest;

ConvCase Image(int64_t batch, int64_t channels, int64_t filters, int64_t h, int64_t w, int64_t kh,
               int64_t kw) {
  ConvCase c;
  c.batch = batch;
  c.channels = channels;
  c.filters = filters;
  c.in = {1, h, w};
  c.kernel = {1, kh, kw};
  return c;
}

void Check(const ConvCase& c, int rank, DType type, Layout layout, size_t threads) {
  ConvData data(c);
  OpTest<fb::ConvT> t(test::ConvAttributes<fb::ConvT>(c, rank));
  t.In<float>(test::ImageShape(c.batch, c.in, rank, c.channels), data.x);
  t.Const(test::ConvWeight(c, rank, type, layout, &data.w));
  t.Const<float>({c.filters}, data.bias).Threads(threads);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), test::ImageShape(c.batch, c.Out(), rank, c.filters));
  test::ExpectSums(t.Values<float>(0), reference::Conv(c, data.x, data.w, data.bias),
                   static_cast<double>(data.w.size()) / static_cast<double>(c.filters) + 2);
}

void CheckAll(const ConvCase& c, int rank) {
  Check(c, rank, DType::kF32, Layout::kT16, 1);
  Check(c, rank, DType::kF32, Layout::kPlain, 1);
  Check(c, rank, DType::kF16, Layout::kPlain, 1);
  if (c.group != c.channels || c.group != c.filters) {
    Check(c, rank, DType::kF16, Layout::kT16, 2);
    Check(c, rank, DType::kBF16, Layout::kT16, 1);
  } else {
    Check(c, rank, DType::kF32, Layout::kDepthwise16, 2);
    Check(c, rank, DType::kF16, Layout::kDepthwise16, 1);
  }
}

TEST(Conv, WindowsStridesPadsAndDilations) {
  for (int64_t channels : {1, 3, 16, 33}) {
    for (int64_t filters : {1, 16, 40}) {
      ConvCase c = Image(2, channels, filters, 9, 11, 3, 3);
      CheckAll(c, 2);
      c.begin = c.end = {0, 1, 1};
      CheckAll(c, 2);
      c.stride = {1, 2, 2};
      CheckAll(c, 2);
      c.begin = {0, 2, 0};
      c.end = {0, 1, 3};
      c.stride = {1, 1, 3};
      CheckAll(c, 2);
      c.dilation = {1, 2, 3};
      c.begin = c.end = {0, 2, 3};
      CheckAll(c, 2);
    }
  }
}

// The pointers of fewer rows than a tile has fill the room for them.
TEST(Conv, VeryManyTaps) {
  for (size_t threads : {1, 2})
    Check(Image(1, 24, 5, 72, 76, 70, 70), 2, DType::kF32, Layout::kT16, threads);
}

TEST(Conv, Pointwise) {
  for (int64_t filters : {5, 16, 64, 100}) {
    ConvCase c = Image(1, 24, filters, 7, 7, 1, 1);
    CheckAll(c, 2);
    c.stride = {1, 2, 2};
    CheckAll(c, 2);
    CheckAll(Image(1, 24, filters, 1, 1, 1, 1), 2);
  }
}

TEST(Conv, PaddingWiderThanTheImage) {
  ConvCase c = Image(1, 3, 8, 2, 2, 5, 5);
  c.begin = c.end = {0, 6, 6};
  CheckAll(c, 2);
}

TEST(Conv, Groups) {
  struct {
    int64_t channels, filters, group;
  } const cases[] = {{4, 4, 4},  {16, 16, 16}, {40, 40, 40}, {70, 70, 70},
                     {8, 32, 2}, {6, 12, 3},   {8, 16, 8},   {12, 20, 4},
                     {6, 48, 2}, {64, 96, 2},  {10, 34, 2},  {4, 200, 4}};
  for (const auto& g : cases) {
    ConvCase c = Image(2, g.channels, g.filters, 6, 7, 3, 3);
    c.group = g.group;
    c.begin = c.end = {0, 1, 1};
    CheckAll(c, 2);
    c.kernel = {1, 1, 1};
    c.begin = c.end = {0, 0, 0};
    CheckAll(c, 2);
  }
}

TEST(Conv, OneAndThreeDimensions) {
  ConvCase line = Image(2, 5, 20, 1, 30, 1, 5);
  line.begin = line.end = {0, 0, 2};
  line.stride = {1, 1, 2};
  CheckAll(line, 1);
  ConvCase volume = Image(1, 4, 17, 5, 6, 3, 2);
  volume.in[0] = 4;
  volume.kernel[0] = 3;
  volume.begin = {1, 0, 1};
  volume.end = {1, 1, 1};
  volume.stride = {2, 1, 1};
  CheckAll(volume, 3);
  volume.group = 4;
  volume.filters = 4;
  CheckAll(volume, 3);
}

TEST(Conv, ManyRowsOnManyThreads) {
  ConvCase c = Image(1, 40, 70, 50, 60, 3, 3);
  c.begin = c.end = {0, 1, 1};
  Check(c, 2, DType::kF32, Layout::kT16, 3);
  ConvCase first = Image(1, 3, 32, 100, 90, 7, 7);
  first.begin = first.end = {0, 3, 3};
  first.stride = {1, 2, 2};
  Check(first, 2, DType::kF32, Layout::kT16, 3);
}

TEST(Conv, AddendAndActivation) {
  for (int64_t group : {1, 8}) {
    ConvCase c = Image(1, 8, 8, 5, 5, 3, 3);
    c.group = group;
    ConvData data(c);
    const auto out = c.Out();
    const auto addend = test::RandomFloats(static_cast<size_t>(reference::Product(out) * 8), 9);
    auto want = reference::Conv(c, data.x, data.w, data.bias);
    for (size_t i = 0; i < want.size(); ++i) want[i] += addend[i];
    for (fb::UnaryKind kind : {fb::UnaryKind::Relu, fb::UnaryKind::Clip, fb::UnaryKind::Silu}) {
      auto op = test::ConvAttributes<fb::ConvT>(c, 2);
      op.activation = std::make_unique<fb::ActivationT>();
      op.activation->kind = kind;
      op.activation->alpha = -0.25f;
      op.activation->beta = 0.5f;
      std::vector<double> exact;
      for (double x : want) {
        exact.push_back(kind == fb::UnaryKind::Relu   ? std::fmax(x, 0)
                        : kind == fb::UnaryKind::Clip ? std::fmin(std::fmax(x, -0.25), 0.5)
                                                      : x / (1 + std::exp(-x)));
      }
      OpTest<fb::ConvT> t(std::move(op));
      t.In<float>({1, 5, 5, 8}, data.x);
      t.Const(test::ConvWeight(c, 2, DType::kF32, Layout::kPlain, &data.w));
      t.Const<float>({8}, data.bias).In<float>(test::ImageShape(1, out, 2, 8), addend);
      ASSERT_TRUE(t.Run());
      test::ExpectSums(t.Values<float>(0), exact, 76);
    }
  }
}

// What is read outside x: the same as a convolution of x - padding that pads with zeros, and the
// sum of the weights times the padding.
TEST(Conv, PadsWithValues) {
  struct {
    int64_t channels, filters, group;
  } const cases[] = {{3, 16, 1}, {40, 20, 1}, {12, 20, 4}, {40, 40, 40}};
  for (const auto& g : cases) {
    ConvCase c = Image(2, g.channels, g.filters, 6, 7, 3, 5);
    c.group = g.group;
    c.begin = {0, 1, 3};
    c.end = {0, 2, 1};
    c.stride = {1, 2, 1};
    ConvData data(c);
    const auto channels = static_cast<size_t>(g.channels);
    const auto padding = test::RandomFloats(channels, 4);
    std::vector<float> shifted = data.x;
    for (size_t i = 0; i < shifted.size(); ++i) shifted[i] -= padding[i % channels];
    auto want = reference::Conv(c, shifted, data.w, data.bias);
    const size_t row = data.w.size() / static_cast<size_t>(g.filters);
    const size_t depth = channels / static_cast<size_t>(g.group);
    const auto filters = static_cast<size_t>(g.filters);
    for (size_t i = 0; i < want.size(); ++i) {
      const size_t f = i % filters, first = f / (filters / static_cast<size_t>(g.group)) * depth;
      for (size_t k = 0; k < row; ++k)
        want[i] += double{data.w[f * row + k]} * double{padding[first + k % depth]};
    }
    OpTest<fb::ConvT> t(test::ConvAttributes<fb::ConvT>(c, 2));
    t.In<float>({2, 6, 7, g.channels}, data.x);
    t.Const(test::ConvWeight(c, 2, DType::kF32, Layout::kPlain, &data.w));
    t.Const<float>({g.filters}, data.bias).Absent().Const<float>({g.channels}, padding);
    ASSERT_TRUE(t.Run());
    test::ExpectSums(t.Values<float>(0), want, 4 * static_cast<double>(row));
  }
}

TEST(Conv, AutoPad) {
  for (bool upper : {false, true}) {
    ConvCase c = Image(1, 2, 3, 5, 6, 2, 4);
    c.stride = {1, 1, 2};
    c.begin = upper ? ConvCase::Size{0, 0, 1} : ConvCase::Size{0, 1, 1};
    c.end = upper ? ConvCase::Size{0, 1, 1} : ConvCase::Size{0, 0, 1};
    ConvData data(c);
    auto op = test::ConvAttributes<fb::ConvT>(c, 2);
    op.pads.clear();
    op.auto_pad = upper ? fb::AutoPad::SameUpper : fb::AutoPad::SameLower;
    OpTest<fb::ConvT> t(std::move(op));
    t.In<float>({1, 5, 6, 2}, data.x).Const<float>({3, 2, 4, 2}, data.w);
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Shape(0), (std::vector<int64_t>{1, 5, 3, 3}));
    test::ExpectSums(t.Values<float>(0), reference::Conv(c, data.x, data.w, {}), 18);
  }
}

TEST(Conv, RefusesWhatDoesNotFit) {
  const auto run = [](fb::ConvT op, std::vector<int64_t> x, std::vector<int64_t> w) {
    OpTest<fb::ConvT> t(std::move(op));
    const auto size = [](const std::vector<int64_t>& s) {
      return static_cast<size_t>(test::ShapeOf(s).Elements());
    };
    t.In<float>(x, test::RandomFloats(size(x), 1)).In<float>(w, test::RandomFloats(size(w), 1));
    return t.TryRun().ok();
  };
  fb::ConvT op;
  EXPECT_TRUE(run(op, {1, 4, 4, 2}, {3, 3, 3, 2}));
  EXPECT_FALSE(run(op, {1, 4, 4, 2}, {3, 3, 3, 1}));
  EXPECT_FALSE(run(op, {1, 4, 4, 2}, {3, 5, 3, 2}));
  EXPECT_FALSE(run(op, {4, 2}, {3, 2}));
  op.strides = {0, 1};
  EXPECT_FALSE(run(op, {1, 4, 4, 2}, {3, 3, 3, 2}));
  op.strides = {1, 1, 1};
  EXPECT_FALSE(run(op, {1, 4, 4, 2}, {3, 3, 3, 2}));
  op.strides = {};
  op.pads = {-1, 0, 0, 0};
  EXPECT_FALSE(run(op, {1, 4, 4, 2}, {3, 3, 3, 2}));
  op.pads = {};
  op.group = 0;
  EXPECT_FALSE(run(op, {1, 4, 4, 2}, {3, 3, 3, 2}));
}

}  // namespace
}  // namespace pare
