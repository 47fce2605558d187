// Products and look-ups with weights of 4 bits.
#include <cmath>

#include "runtime/layout/layout.h"
#include "tests/support/conv_test.h"

namespace pare {
namespace {

constexpr Layout kLayouts[] = {Layout::kInt4G32,  Layout::kInt4G128,  Layout::kUint4G32,
                               Layout::kUint4G64, Layout::kUint4G128, Layout::kNf4G64};

// Nibbles in no order, scales that differ, and the values that they mean.
struct Weights {
  Weights(Layout layout, int64_t n, int64_t k) : k(static_cast<size_t>(k)) {
    weight.name = "w";
    weight.layout = layout;
    weight.shape = test::ShapeOf({n, k});
    uint64_t bytes = 0;
    EXPECT_TRUE(PackedBytes(layout, DType::kF32, weight.shape, &bytes));
    std::byte* data;
    weight.bytes = converter::Bytes::Allocate(bytes, &data);
    const auto count = static_cast<size_t>(n * k), groups = count / GroupOf(layout);
    std::vector<uint8_t> nibbles(count), codes(groups);
    for (size_t i = 0; i < count; ++i) nibbles[i] = static_cast<uint8_t>(i * 7919 / 13 % 16);
    if (layout == Layout::kNf4G64) {
      for (size_t i = 0; i < groups; ++i) codes[i] = static_cast<uint8_t>(i * 37);
      const std::vector<Nf4Block> blocks(groups, {0.001f, 0.1f});
      PackNf4(nibbles.data(), codes.data(), blocks.data(), weight.shape, data);
    } else {
      std::vector<uint16_t> scales(groups), minima(groups);
      for (size_t i = 0; i < groups; ++i) {
        scales[i] = FloatToHalf(0.02f + 0.01f * static_cast<float>(i % 5));
        minima[i] = FloatToHalf(-0.2f + 0.02f * static_cast<float>(i % 7));
      }
      PackInt4(layout, nibbles.data(), scales.data(), minima.data(), weight.shape, data);
    }
    values.resize(count);
    DecodeLowBit(layout, data, weight.shape, values.data());
  }
  double Sum(const std::vector<float>& a, size_t row, size_t column, double* squares) const {
    double sum = 0;
    *squares = 0;
    for (size_t i = 0; i < k; ++i) {
      sum += double{a[row * k + i]} * values[column * k + i];
      *squares += double{values[column * k + i]} * values[column * k + i];
    }
    return sum;
  }
  size_t k;
  std::vector<float> values;
  converter::Weight weight;
};

void Check(Layout layout, fb::Arithmetic arithmetic, std::vector<int64_t> shape, int64_t n,
           size_t threads) {
  const Weights w(layout, n, shape.back());
  const std::vector<float> a =
      test::RandomFloats(static_cast<size_t>(test::ShapeOf(shape).Elements()), 6);
  const std::vector<float> bias = test::RandomFloats(static_cast<size_t>(n), 7);
  fb::MatMulT op;
  op.trans_b = true;
  op.arithmetic = arithmetic;
  test::OpTest<fb::MatMulT> t(op);
  t.In<float>(shape, a).Const(w.weight).Const<float>({n}, bias).Threads(threads);
  ASSERT_TRUE(t.Run());
  const std::vector<float> y = t.Values<float>(0);
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t row = i / static_cast<size_t>(n), column = i % static_cast<size_t>(n);
    double squares;
    const double want = w.Sum(a, row, column, &squares) + bias[column];
    // Quantized, each of a errs by half a step at most, and NF4's levels by half a step of 1 / 127.
    const double step = arithmetic == fb::Arithmetic::Float ? 2e-5 : 3.0 / 127;
    ASSERT_NEAR(y[i], want, step * std::sqrt(squares) + 1e-5) << i;
  }
}

TEST(MatMulFourBit, DynamicRows) {
  for (Layout layout : kLayouts) {
    Check(layout, fb::Arithmetic::DynamicInt8, {1, 128}, 5, 1);
    Check(layout, fb::Arithmetic::DynamicInt8, {1, 384}, 200, 2);
    Check(layout, fb::Arithmetic::DynamicInt8, {2, 9, 128}, 17, 1);
    Check(layout, fb::Arithmetic::DynamicInt8, {130, 256}, 70, 2);
  }
}

TEST(MatMulFourBit, FloatRows) {
  for (Layout layout : kLayouts) {
    Check(layout, fb::Arithmetic::Float, {1, 128}, 50, 1);
    Check(layout, fb::Arithmetic::Float, {2, 9, 128}, 17, 2);
  }
}

TEST(MatMulFourBit, RefusesQuantizedRows) {
  const Weights w(Layout::kInt4G32, 16, 32);
  fb::MatMulT op;
  op.trans_b = true;
  test::OpTest<fb::MatMulT> t(op);
  t.InQuantized({1, 32}, std::vector<uint8_t>(32), 0.1f, 3).Const(w.weight);
  EXPECT_EQ(t.TryRun().code, Code::kUnsupported);
}

TEST(GatherFourBit, LooksUpRows) {
  for (Layout layout : kLayouts) {
    const Weights w(layout, 37, 128);
    test::OpTest<fb::GatherT> t;
    t.Const(w.weight).In<int64_t>({2, 2}, {36, 0, 17, -1});
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Shape(0), (std::vector<int64_t>{2, 2, 128}));
    const size_t rows[] = {36, 0, 17, 36};
    for (size_t i = 0; i < 4 * 128; ++i)
      ASSERT_EQ(t.Values<float>(0)[i], w.values[rows[i / 128] * 128 + i % 128]) << i;
  }
}

TEST(GatherInt8, LooksUpRows) {
  const std::vector<int8_t> q = {1, -2, 3, 4, -5, 6, 7, -8, 9, 10};
  const std::vector<float> scales = {0.5f, 2.f};
  converter::Weight weight;
  weight.layout = Layout::kInt8T16;
  weight.shape = test::ShapeOf({2, 5});
  uint64_t bytes = 0;
  ASSERT_TRUE(PackedBytes(weight.layout, DType::kF32, weight.shape, &bytes));
  std::byte* data;
  weight.bytes = converter::Bytes::Allocate(bytes, &data);
  PackInt8(weight.layout, q.data(), scales.data(), weight.shape, data);
  test::OpTest<fb::GatherT> t;
  t.Const(weight).In<int32_t>({1}, {1});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{12, 14, -16, 18, 20}));
  fb::GatherT columns;
  columns.axis = 1;
  test::OpTest<fb::GatherT> u(columns);
  u.Const(weight).In<int32_t>({1}, {1});
  EXPECT_EQ(u.TryRun().code, Code::kShape);
}

}  // namespace
}  // namespace pare
