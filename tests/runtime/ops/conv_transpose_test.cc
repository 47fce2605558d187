#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/support/conv_test.h"

namespace pare {
namespace {

using test::ConvCase;
using test::ConvData;
using test::OpTest;

void Check(const ConvCase& c, int rank, DType type, Layout layout, size_t threads) {
  ConvData data(c);
  auto op = test::ConvAttributes<fb::ConvTransposeT>(c, rank);
  op.output_padding = test::Last(c.extra, rank);
  OpTest<fb::ConvTransposeT> t(std::move(op));
  t.In<float>(test::ImageShape(c.batch, c.in, rank, c.channels), data.x);
  t.Const(test::ConvWeight(c, rank, type, layout, &data.w));
  t.Const<float>({c.filters}, data.bias).Threads(threads);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), test::ImageShape(c.batch, c.OutTransposed(), rank, c.filters));
  test::ExpectSums(t.Values<float>(0), reference::Conv(c, data.x, data.w, data.bias, true),
                   static_cast<double>(data.w.size()) / static_cast<double>(c.filters) + 2);
}

void CheckAll(const ConvCase& c, int rank) {
  Check(c, rank, DType::kF32, Layout::kT16, 1);
  Check(c, rank, DType::kF32, Layout::kPlain, 2);
  Check(c, rank, DType::kF16, Layout::kT16, 1);
}

ConvCase Image(int64_t channels, int64_t filters, int64_t h, int64_t w, int64_t kh, int64_t kw,
               int64_t stride) {
  ConvCase c;
  c.batch = 2;
  c.channels = channels;
  c.filters = filters;
  c.in = {1, h, w};
  c.kernel = {1, kh, kw};
  c.stride = {1, stride, stride};
  return c;
}

TEST(ConvTranspose, KernelsAndStrides) {
  for (int64_t stride : {1, 2, 3}) {
    for (int64_t kernel : {1, 2, 3, 4, 5}) CheckAll(Image(5, 18, 4, 6, kernel, kernel, stride), 2);
  }
}

TEST(ConvTranspose, PadsDilationsAndOutputPadding) {
  ConvCase c = Image(3, 7, 5, 4, 4, 3, 2);
  c.begin = {0, 1, 0};
  c.end = {0, 2, 1};
  CheckAll(c, 2);
  c.extra = {0, 1, 1};
  CheckAll(c, 2);
  c.dilation = {1, 2, 3};
  CheckAll(c, 2);
  c.stride = {1, 4, 3};
  CheckAll(c, 2);
  c.dilation = {1, 4, 6};
  CheckAll(c, 2);
}

TEST(ConvTranspose, Groups) {
  for (int64_t group : {2, 4}) {
    ConvCase c = Image(8, 12, 5, 4, 3, 3, 2);
    c.group = group;
    CheckAll(c, 2);
  }
  ConvCase depthwise = Image(6, 6, 5, 4, 3, 3, 2);
  depthwise.group = 6;
  CheckAll(depthwise, 2);
}

TEST(ConvTranspose, OneAndThreeDimensions) {
  ConvCase line = Image(4, 9, 1, 13, 1, 6, 1);
  line.stride = {1, 1, 3};
  line.begin = line.end = {0, 0, 1};
  CheckAll(line, 1);
  ConvCase volume = Image(2, 5, 3, 4, 2, 3, 2);
  volume.in[0] = 3;
  volume.kernel[0] = 3;
  volume.stride[0] = 2;
  CheckAll(volume, 3);
}

// Windows that neither overlap nor leave gaps, in as many dimensions.
TEST(ConvTranspose, Blocks) {
  ConvCase volume = Image(7, 5, 3, 4, 2, 3, 1);
  volume.in[0] = 2;
  volume.kernel[0] = 3;
  volume.stride = volume.kernel;
  CheckAll(volume, 3);
}

TEST(ConvTranspose, OutputShapeDecidesPads) {
  const auto x = test::RandomFloats(1 * 3 * 3 * 2, 1), w = test::RandomFloats(2 * 3 * 3 * 2, 2);
  fb::ConvTransposeT op;
  op.strides = {3, 2};
  op.output_shape = {10, 8};
  OpTest<fb::ConvTransposeT> t(op);
  t.In<float>({1, 3, 3, 2}, x).Const<float>({2, 3, 3, 2}, w);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (std::vector<int64_t>{1, 10, 8, 2}));
}

TEST(ConvTranspose, AutoPadKeepsTheRatioOfTheStrides) {
  for (fb::AutoPad mode : {fb::AutoPad::SameUpper, fb::AutoPad::SameLower}) {
    ConvCase c = Image(2, 3, 4, 5, 3, 3, 2);
    c.begin = mode == fb::AutoPad::SameUpper ? ConvCase::Size{0, 0, 0} : ConvCase::Size{0, 1, 1};
    c.end = mode == fb::AutoPad::SameUpper ? ConvCase::Size{0, 1, 1} : ConvCase::Size{0, 0, 0};
    ConvData data(c);
    auto op = test::ConvAttributes<fb::ConvTransposeT>(c, 2);
    op.pads.clear();
    op.auto_pad = mode;
    OpTest<fb::ConvTransposeT> t(std::move(op));
    t.In<float>({2, 4, 5, 2}, data.x).Const<float>({3, 3, 3, 2}, data.w);
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Shape(0), (std::vector<int64_t>{2, 8, 10, 3}));
    test::ExpectSums(t.Values<float>(0), reference::Conv(c, data.x, data.w, {}, true), 20);
  }
}

TEST(ConvTranspose, ActivationIsFused) {
  for (int64_t filters : {1, 3, 16}) {
    const ConvCase c = Image(4, filters, 5, 5, 2, 2, 2);
    ConvData data(c);
    auto op = test::ConvAttributes<fb::ConvTransposeT>(c, 2);
    op.activation = std::make_unique<fb::ActivationT>();
    op.activation->kind = fb::UnaryKind::Sigmoid;
    OpTest<fb::ConvTransposeT> t(std::move(op));
    t.In<float>({2, 5, 5, 4}, data.x).Const<float>({filters, 2, 2, 4}, data.w);
    ASSERT_TRUE(t.Run());
    auto want = reference::Conv(c, data.x, data.w, {}, true);
    for (double& x : want) x = 1 / (1 + std::exp(-x));
    test::ExpectSums(t.Values<float>(0), want, 18);
  }
}

TEST(ConvTranspose, RefusesWhatDoesNotFit) {
  fb::ConvTransposeT op;
  op.pads = {9, 9, 9, 9};
  OpTest<fb::ConvTransposeT> small(op);
  small.In<float>({1, 2, 2, 1}, {1, 2, 3, 4}).Const<float>({1, 1, 1, 1}, {1});
  EXPECT_FALSE(small.TryRun().ok());
  fb::ConvTransposeT group;
  group.group = 2;
  OpTest<fb::ConvTransposeT> odd(group);
  odd.In<float>({1, 2, 2, 1}, {1, 2, 3, 4}).Const<float>({1, 1, 1, 1}, {1});
  EXPECT_FALSE(odd.TryRun().ok());
}

}  // namespace
}  // namespace pare
