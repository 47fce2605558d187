// Quantized convolutions against the oracle on the numbers that the integers stand for.
#include <cmath>

#include "tests/support/conv_test.h"
#include "tests/support/int8_weight.h"

namespace pare {
namespace {

using reference::ConvCase;
using test::ConvData;

constexpr float kScale = 0.01f;  // of x
constexpr int32_t kZero = 77;

std::vector<uint8_t> Quantize(std::vector<float>* real, float scale, int32_t zero) {
  std::vector<uint8_t> q;
  for (float& x : *real) {
    q.push_back(static_cast<uint8_t>(std::lround(std::fmin(std::fmax(x / scale + zero, 0), 255))));
    x = scale * static_cast<float>(q.back() - zero);
  }
  return q;
}

converter::Weight Int8Weight(const ConvCase& c, int rank, Layout layout,
                             std::vector<float>* values) {
  return test::Int8Weight(
      test::ShapeOf(test::ImageShape(c.filters, c.kernel, rank, c.channels / c.group)), layout,
      values);
}

struct Variant {
  bool quantized = true, bias = true, addend = false;
  float lower = -INFINITY, upper = INFINITY;  // Clip where finite
  size_t threads = 1;
  bool padding = false;  // values for each channel are read outside x
};

// A convolution of x - padding that pads with zeros, and the sum of the weights times the padding.
std::vector<double> PaddedConv(const ConvCase& c, const ConvData& data,
                               const std::vector<float>& padding) {
  std::vector<float> shifted = data.x;
  for (size_t i = 0; i < shifted.size(); ++i) shifted[i] -= padding[i % padding.size()];
  std::vector<double> want = reference::Conv(c, shifted, data.w, data.bias);
  const auto filters = static_cast<size_t>(c.filters), group = static_cast<size_t>(c.group);
  const size_t row = data.w.size() / filters, depth = padding.size() / group;
  for (size_t i = 0; i < want.size(); ++i) {
    const size_t f = i % filters, first = f / (filters / group) * depth;
    for (size_t k = 0; k < row; ++k)
      want[i] += double{data.w[f * row + k]} * double{padding[first + k % depth]};
  }
  return want;
}

void Check(const ConvCase& c, int rank, Layout layout, const Variant& v) {
  ConvData data(c);
  const std::vector<uint8_t> x = Quantize(&data.x, kScale, kZero);
  const converter::Weight w = Int8Weight(c, rank, layout, &data.w);
  if (!v.bias) data.bias.clear();
  std::vector<double> want = reference::Conv(c, data.x, data.w, data.bias);
  std::vector<float> padding(v.padding ? static_cast<size_t>(c.channels) : 0);
  for (size_t i = 0; i < padding.size(); ++i)
    padding[i] = kScale * static_cast<float>(static_cast<int>(i * 67 % 256) - kZero);
  if (v.padding) want = PaddedConv(c, data, padding);
  fb::ConvT op = test::ConvAttributes<fb::ConvT>(c, rank);
  if (std::isfinite(v.upper)) {
    op.activation = std::make_unique<fb::ActivationT>();
    op.activation->kind = fb::UnaryKind::Clip;
    op.activation->alpha = v.lower;
    op.activation->beta = v.upper;
  }
  test::OpTest<fb::ConvT> t(std::move(op));
  t.InQuantized(test::ImageShape(c.batch, c.in, rank, c.channels), x, kScale, kZero).Const(w);
  if (v.bias)
    t.Const<float>({c.filters}, data.bias);
  else
    t.Absent();
  if (v.addend) {
    std::vector<float> addend = test::RandomFloats(want.size(), 9);
    const auto shape = test::ImageShape(c.batch, c.Out(), rank, c.filters);
    if (v.quantized) {
      const std::vector<uint8_t> q = Quantize(&addend, 0.009f, 130);
      t.InQuantized(shape, q, 0.009f, 130);
    } else {
      t.In<float>(shape, addend);
    }
    for (size_t i = 0; i < want.size(); ++i) want[i] += addend[i];
  }
  if (v.padding) t.Absent().Const<float>({c.channels}, padding);
  constexpr float kOutScale = 0.031f;
  if (v.quantized) t.Quantized(kOutScale, 101);
  t.Threads(v.threads);
  ASSERT_TRUE(t.Run());
  const std::vector<float> floats = v.quantized ? std::vector<float>() : t.Values<float>(0);
  const std::vector<uint8_t> quantized =
      v.quantized ? t.Values<uint8_t>(0) : std::vector<uint8_t>();
  for (size_t i = 0; i < want.size(); ++i) {
    const double y = std::fmin(std::fmax(want[i], v.lower), v.upper);
    if (!v.quantized) {
      ASSERT_NEAR(floats[i], y, 1e-4) << i;
      continue;
    }
    const double steps = std::fmin(std::fmax(y / kOutScale + 101, 0), 255);
    ASSERT_NEAR(quantized[i], steps, 0.5001) << i;
  }
}

ConvCase Image(int64_t channels, int64_t filters, int64_t kernel, int64_t stride, int64_t pad) {
  ConvCase c;
  c.batch = 2;
  c.channels = channels;
  c.filters = filters;
  c.in = {1, 7, 9};
  c.kernel = {1, kernel, kernel};
  c.stride = {1, stride, stride};
  c.begin = c.end = {0, pad, pad};
  return c;
}

TEST(ConvInt8, WindowsStridesAndPadding) {
  for (int64_t channels : {3, 4, 8, 17}) {
    for (int64_t kernel : {1, 3}) {
      for (int64_t stride : {1, 2}) {
        for (bool quantized : {true, false})
          Check(Image(channels, 19, kernel, stride, kernel / 2), 2, Layout::kInt8T16, {quantized});
      }
    }
  }
}

TEST(ConvInt8, Groups) {
  for (int64_t channels : {6, 8, 24}) {
    ConvCase c = Image(channels, 34, 3, 1, 1);
    c.group = 2;
    Check(c, 2, Layout::kInt8T16, {});
  }
}

TEST(ConvInt8, DilationMakesLinesOfPieces) {
  for (int64_t channels : {3, 8}) {
    ConvCase c = Image(channels, 5, 3, 1, 2);
    c.dilation = {1, 2, 2};
    Check(c, 2, Layout::kInt8T16, {});
  }
}

TEST(ConvInt8, PadsWithValues) {
  const Variant padded = {true, true, false, -INFINITY, INFINITY, 1, true};
  for (int64_t channels : {3, 8, 17})
    Check(Image(channels, 19, 3, 2, 1), 2, Layout::kInt8T16, padded);
  ConvCase c = Image(24, 34, 3, 1, 1);
  c.group = 2;
  Check(c, 2, Layout::kInt8T16, padded);
}

TEST(ConvInt8, AddendAndClamp) {
  const ConvCase c = Image(8, 18, 3, 1, 1);
  for (bool quantized : {true, false})
    Check(c, 2, Layout::kInt8T16, {quantized, true, true, 0.f, 1.5f});
}

TEST(ConvInt8, ThreadsShareTheWork) {
  ConvCase c = Image(32, 64, 3, 1, 1);
  c.in = {1, 20, 20};
  Check(c, 2, Layout::kInt8T16, {true, true, false, 0.f, 2.f, 2});
}

TEST(ConvInt8, OneAndThreeDimensions) {
  ConvCase c;
  c.channels = 5;
  c.filters = 7;
  c.in = {1, 1, 11};
  c.kernel = {1, 1, 3};
  c.begin = c.end = {0, 0, 1};
  Check(c, 1, Layout::kInt8T16, {});
  c.in = {4, 5, 6};
  c.kernel = {2, 3, 3};
  Check(c, 3, Layout::kInt8T16, {});
}

ConvCase Depthwise(int64_t channels, int64_t kernel, int64_t stride) {
  ConvCase c = Image(channels, channels, kernel, stride, kernel / 2);
  c.group = channels;
  return c;
}

TEST(ConvInt8, DepthwiseWindowsAndStrides) {
  for (int64_t channels : {2, 16, 24, 100}) {
    for (int64_t kernel : {1, 3, 5, 7}) {
      for (int64_t stride : {1, 2}) {
        for (bool quantized : {true, false})
          Check(Depthwise(channels, kernel, stride), 2, Layout::kInt8Depthwise16, {quantized});
      }
    }
  }
}

TEST(ConvInt8, DepthwisePadsWithValues) {
  for (int64_t channels : {2, 24, 100}) {
    for (int64_t stride : {1, 2})
      Check(Depthwise(channels, 5, stride), 2, Layout::kInt8Depthwise16,
            {true, true, false, -INFINITY, INFINITY, 1, true});
  }
}

TEST(ConvInt8, DepthwiseAddendClampAndThreads) {
  ConvCase c = Depthwise(72, 3, 1);
  for (bool quantized : {true, false})
    Check(c, 2, Layout::kInt8Depthwise16, {quantized, true, true, 0.f, 1.5f});
  c.in = {1, 40, 30};
  Check(c, 2, Layout::kInt8Depthwise16, {true, false, false, -0.5f, 1.f, 2});
  c.in = {1, 3, 500};  // a line is cut
  Check(c, 2, Layout::kInt8Depthwise16, {true, true, false, 0.f, 1.f, 2});
}

TEST(ConvInt8, FloatResultsTakeAnyActivation) {
  for (const bool depthwise : {true, false}) {
    const ConvCase c = depthwise ? Depthwise(40, 3, 1) : Image(8, 18, 3, 1, 1);
    ConvData data(c);
    const std::vector<uint8_t> x = Quantize(&data.x, kScale, kZero);
    fb::ConvT op = test::ConvAttributes<fb::ConvT>(c, 2);
    op.activation = std::make_unique<fb::ActivationT>();
    op.activation->kind = fb::UnaryKind::HardSwish;
    test::OpTest<fb::ConvT> t(std::move(op));
    t.InQuantized(test::ImageShape(c.batch, c.in, 2, c.channels), x, kScale, kZero)
        .Const(Int8Weight(c, 2, depthwise ? Layout::kInt8Depthwise16 : Layout::kInt8T16, &data.w));
    ASSERT_TRUE(t.Run());
    const std::vector<double> want = reference::Conv(c, data.x, data.w, {});
    const std::vector<float> got = t.Values<float>(0);
    for (size_t i = 0; i < want.size(); ++i) {
      const double gate = std::fmin(std::fmax(want[i] / 6 + 0.5, 0), 1);
      ASSERT_NEAR(got[i], want[i] * gate, 1e-4) << i;
    }
  }
}

TEST(ConvInt8, DepthwiseDilation) {
  ConvCase c = Depthwise(20, 3, 1);
  c.dilation = {1, 2, 3};
  c.begin = c.end = {0, 2, 3};
  Check(c, 2, Layout::kInt8Depthwise16, {});
}

TEST(ConvInt8, DepthwiseOfOneAndThreeDimensions) {
  for (int64_t kernel : {1, 3, 9}) {
    for (int64_t stride : {1, 2}) {
      ConvCase c = Depthwise(20, kernel, stride);
      c.in = {1, 1, 50};
      c.kernel = {1, 1, kernel};
      c.stride = {1, 1, stride};
      c.dilation = {1, 1, 2};
      c.begin = c.end = {0, 0, kernel / 2};
      Check(c, 1, Layout::kInt8Depthwise16, {});
    }
  }
  ConvCase c = Depthwise(18, 3, 1);
  c.in = {4, 5, 6};
  c.kernel = {2, 3, 3};
  c.begin = c.end = {1, 1, 1};
  Check(c, 3, Layout::kInt8Depthwise16, {});
}

TEST(ConvInt8, DepthwiseRefusesOtherGroups) {
  ConvCase c = Image(1, 4, 1, 1, 0);
  ConvData data(c);
  test::OpTest<fb::ConvT> t(test::ConvAttributes<fb::ConvT>(c, 2));
  t.InQuantized(test::ImageShape(c.batch, c.in, 2, 1), std::vector<uint8_t>(data.x.size()), kScale,
                kZero)
      .Const(Int8Weight(c, 2, Layout::kInt8Depthwise16, &data.w));
  EXPECT_EQ(t.TryRun().code, Code::kShape);
}

TEST(ConvInt8, RefusesWhatDoesNotFit) {
  const ConvCase c = Image(4, 4, 1, 1, 0);
  ConvData data(c);
  const auto shape = test::ImageShape(c.batch, c.in, 2, c.channels);
  test::OpTest<fb::ConvT> floats(test::ConvAttributes<fb::ConvT>(c, 2));
  floats.In<float>(shape, data.x).Const(Int8Weight(c, 2, Layout::kInt8T16, &data.w));
  EXPECT_EQ(floats.TryRun().code, Code::kUnsupported);
  auto op = test::ConvAttributes<fb::ConvT>(c, 2);
  op.activation = std::make_unique<fb::ActivationT>();
  op.activation->kind = fb::UnaryKind::Gelu;
  test::OpTest<fb::ConvT> gelu(std::move(op));
  gelu.InQuantized(shape, std::vector<uint8_t>(data.x.size()), kScale, kZero)
      .Const(Int8Weight(c, 2, Layout::kInt8T16, &data.w))
      .Quantized(1, 0);
  EXPECT_EQ(gelu.TryRun().code, Code::kUnsupported);
}

}  // namespace
}  // namespace pare
