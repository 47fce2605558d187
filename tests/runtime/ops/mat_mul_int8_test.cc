// Products with int8 weights: of quantized rows, and of f32 rows that are quantized when it runs.
#include <cmath>
#include <limits>

#include "tests/support/conv_test.h"
#include "tests/support/int8_weight.h"

namespace pare {
namespace {

struct Weights {
  Weights(int64_t n, int64_t k)
      : n(n),
        k(k),
        values(test::RandomFloats(static_cast<size_t>(n * k), 5)),
        weight(test::Int8Weight(test::ShapeOf({n, k}), Layout::kInt8T16, &values)) {}
  double Sum(const std::vector<float>& a, size_t row, size_t column) const {
    double sum = 0;
    for (size_t i = 0; i < static_cast<size_t>(k); ++i)
      sum += a[row * static_cast<size_t>(k) + i] * values[column * static_cast<size_t>(k) + i];
    return sum;
  }
  int64_t n, k;
  std::vector<float> values;
  converter::Weight weight;
};

fb::MatMulT Dynamic() {
  fb::MatMulT op;
  op.trans_b = true;
  op.arithmetic = fb::Arithmetic::DynamicInt8;
  return op;
}

void CheckDynamic(std::vector<int64_t> shape, int64_t n, size_t threads) {
  const int64_t k = shape.back();
  const Weights w(n, k);
  std::vector<float> a =
      test::RandomFloats(static_cast<size_t>(test::ShapeOf(shape).Elements()), 6);
  for (size_t i = 0; i < a.size(); ++i) a[i] *= static_cast<float>(1 + i / static_cast<size_t>(k));
  const std::vector<float> bias = test::RandomFloats(static_cast<size_t>(n), 7);
  test::OpTest<fb::MatMulT> t(Dynamic());
  t.In<float>(shape, a).Const(w.weight).Const<float>({n}, bias).Threads(threads);
  ASSERT_TRUE(t.Run());
  const std::vector<float> y = t.Values<float>(0);
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t row = i / static_cast<size_t>(n), column = i % static_cast<size_t>(n);
    const double want = w.Sum(a, row, column) + bias[column];
    // Half a step of the row for each product, of either sign.
    const double step = 2.0 * static_cast<double>(1 + row) / 255;
    ASSERT_NEAR(y[i], want, step * 1.5 * std::sqrt(static_cast<double>(k))) << i;
  }
}

TEST(MatMulInt8, DynamicRowsHaveScalesOfTheirOwn) {
  CheckDynamic({1, 33}, 5, 1);
  CheckDynamic({7, 64}, 50, 1);
  CheckDynamic({2, 9, 30}, 17, 1);
  CheckDynamic({130, 96}, 70, 2);
}

TEST(MatMulInt8, DynamicTakesRowsOfZerosAndOfInfinities) {
  const Weights w(4, 8);
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> a(24, 0.f);
  for (size_t i = 0; i < 8; ++i) a[8 + i] = i % 2 ? infinity : -infinity;
  for (size_t i = 0; i < 8; ++i) a[16 + i] = -3.f;
  test::OpTest<fb::MatMulT> t(Dynamic());
  t.In<float>({3, 8}, a).Const(w.weight);
  ASSERT_TRUE(t.Run());
  for (size_t j = 0; j < 4; ++j) {
    EXPECT_EQ(t.Values<float>(0)[j], 0.f);
    EXPECT_NEAR(t.Values<float>(0)[8 + j], w.Sum(a, 2, j), 1e-4);
  }
}

TEST(MatMulInt8, StaticRowsGiveQuantizedOrFloatResults) {
  const Weights w(37, 44);
  std::vector<uint8_t> q(6 * 44);
  std::vector<float> a;
  for (size_t i = 0; i < q.size(); ++i) {
    q[i] = static_cast<uint8_t>(i * 37);
    a.push_back(0.02f * static_cast<float>(q[i] - 90));
  }
  fb::MatMulT op;
  op.trans_b = true;
  op.activation = std::make_unique<fb::ActivationT>();
  op.activation->kind = fb::UnaryKind::Relu;
  for (bool quantized : {true, false}) {
    test::OpTest<fb::MatMulT> t(op);
    t.InQuantized({6, 44}, q, 0.02f, 90).Const(w.weight);
    if (quantized) t.Quantized(0.05f, 3);
    ASSERT_TRUE(t.Run());
    for (size_t i = 0; i < 6 * 37; ++i) {
      const double want = std::fmax(w.Sum(a, i / 37, i % 37), 0);
      if (quantized)
        ASSERT_NEAR(t.Values<uint8_t>(0)[i], std::fmin(want / 0.05 + 3, 255), 0.5001) << i;
      else
        ASSERT_NEAR(t.Values<float>(0)[i], want, 1e-4) << i;
    }
  }
}

TEST(MatMulInt8, FloatArithmeticDecodesTheWeight) {
  fb::MatMulT op;
  op.trans_b = true;
  for (int64_t m : {1, 9}) {
    const Weights w(37, 45);
    const std::vector<float> a = test::RandomFloats(static_cast<size_t>(m * 45), 6);
    test::OpTest<fb::MatMulT> t(op);
    t.In<float>({m, 45}, a).Const(w.weight);
    ASSERT_TRUE(t.Run());
    for (size_t i = 0; i < static_cast<size_t>(m) * 37; ++i)
      ASSERT_NEAR(t.Values<float>(0)[i], w.Sum(a, i / 37, i % 37), 1e-4) << i;
  }
}

TEST(MatMulInt8, RefusesWhatDoesNotFit) {
  const Weights w(4, 8);
  fb::MatMulT transposed = Dynamic();
  transposed.trans_a = true;
  test::OpTest<fb::MatMulT> u(transposed);
  u.In<float>({8, 3}, std::vector<float>(24)).Const(w.weight);
  EXPECT_EQ(u.TryRun().code, Code::kShape);
}

}  // namespace
}  // namespace pare
