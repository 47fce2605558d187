#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "runtime/layout/layout.h"
#include "tests/reference/matmul.h"
#include "tests/support/op_test.h"
#include "tests/support/tolerance.h"

namespace pare {
namespace {

using test::OpTest;

std::vector<float> Random(size_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> values(-1, 1);
  std::vector<float> v(n);
  for (float& x : v) x = values(engine);
  return v;
}

std::vector<float> Transposed(const std::vector<float>& v, size_t rows, size_t columns) {
  std::vector<float> out(v.size());
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) out[c * rows + r] = v[r * columns + c];
  }
  return out;
}

// A T16 weight [n, k] of that type; its values come back rounded to the type.
converter::Weight Packed(DType type, size_t n, size_t k, std::vector<float>* values) {
  std::vector<uint16_t> bits(n * k);
  for (size_t i = 0; i < bits.size() && type != DType::kF32; ++i) {
    float& x = (*values)[i];
    bits[i] = type == DType::kF16 ? FloatToHalf(x) : FloatToBfloat16(x);
    x = type == DType::kF16 ? HalfToFloat(bits[i]) : Bfloat16ToFloat(bits[i]);
  }
  converter::Weight w;
  w.name = "w";
  w.dtype = type;
  w.shape = test::ShapeOf({static_cast<int64_t>(n), static_cast<int64_t>(k)});
  w.layout = Layout::kT16;
  std::byte* data;
  w.bytes = converter::Bytes::Allocate(PackedBytesT16(type, n, k), &data);
  PackT16(type, type == DType::kF32 ? static_cast<const void*>(values->data()) : bits.data(), n, k,
          data);
  return w;
}

void ExpectNear(const std::vector<float>& got, const std::vector<double>& want, size_t k) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_TRUE(test::IsClose(got[i], want[i], "Matmul", static_cast<double>(k) + 2))
        << i << ": " << got[i] << " for " << want[i];
  }
}

struct Size {
  size_t m, n, k;
};
constexpr Size kSizes[] = {{1, 1, 1},
                           {1, 100, 64},
                           {2, 16, 7},
                           {7, 33, 5},
                           {8, 48, 32},
                           {49, 64, 40},
                           {12, 65, 31},
                           {128, 96, 48},
                           {200, 17, 9},
                           {3, 200, 0},
                           // Shared out by rows, by columns, and by columns of a single row.
                           {97, 160, 130},
                           {49, 160, 300},
                           {1, 300, 700}};

TEST(MatMul, PackedWeightsOfEveryType) {
  for (DType type : {DType::kF32, DType::kF16, DType::kBF16}) {
    for (const Size& s : kSizes) {
      if (s.k == 0) continue;
      for (size_t threads : {1, 2, 3}) {
        const auto a = Random(s.m * s.k, 1);
        auto w = Random(s.n * s.k, 2);
        fb::MatMulT attributes;
        attributes.trans_b = true;
        OpTest<fb::MatMulT> t(attributes);
        t.In<float>({int64_t(s.m), int64_t(s.k)}, a).Const(Packed(type, s.n, s.k, &w));
        t.Threads(threads);
        ASSERT_TRUE(t.Run());
        const auto b = Transposed(w, s.n, s.k);
        ExpectNear(t.Values<float>(0), reference::Matmul(a.data(), b.data(), s.m, s.n, s.k), s.k);
      }
    }
  }
}

TEST(MatMul, PlainOperandsTransposedOrNot) {
  for (const Size& s : kSizes) {
    const auto a = Random(s.m * s.k, 1), b = Random(s.k * s.n, 2);
    const auto want = reference::Matmul(a.data(), b.data(), s.m, s.n, s.k);
    for (int bits = 0; bits < 4; ++bits) {
      fb::MatMulT attributes;
      attributes.trans_a = bits & 1;
      attributes.trans_b = bits & 2;
      const int64_t m = int64_t(s.m), n = int64_t(s.n), k = int64_t(s.k);
      OpTest<fb::MatMulT> t(attributes);
      if (attributes.trans_a)
        t.In<float>({k, m}, Transposed(a, s.m, s.k));
      else
        t.In<float>({m, k}, a);
      if (attributes.trans_b)
        t.In<float>({n, k}, Transposed(b, s.k, s.n));
      else
        t.In<float>({k, n}, b);
      t.Threads(2);
      ASSERT_TRUE(t.Run());
      EXPECT_EQ(t.Shape(0), (std::vector<int64_t>{m, n}));
      ExpectNear(t.Values<float>(0), want, s.k);
    }
  }
}

TEST(MatMul, AlphaBiasAddendAndActivation) {
  constexpr size_t m = 9, n = 21, k = 13;
  const auto a = Random(m * k, 1), b = Random(k * n, 2), bias = Random(n, 3),
             addend = Random(m * n, 4);
  auto want = reference::Matmul(a.data(), b.data(), m, n, k);
  for (size_t i = 0; i < want.size(); ++i) want[i] = 0.5 * want[i] + bias[i % n] + addend[i];
  struct {
    fb::UnaryKind kind;
    double (*f)(double);
  } const kinds[] = {{fb::UnaryKind::None, [](double x) { return x; }},
                     {fb::UnaryKind::Relu, [](double x) { return x > 0 ? x : 0; }},
                     {fb::UnaryKind::Sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }},
                     {fb::UnaryKind::Tanh, [](double x) { return std::tanh(x); }}};
  for (const auto& kind : kinds) {
    fb::MatMulT attributes;
    attributes.alpha = 0.5f;
    attributes.activation = std::make_unique<fb::ActivationT>();
    attributes.activation->kind = kind.kind;
    OpTest<fb::MatMulT> t(attributes);
    t.In<float>({m, k}, a).In<float>({k, n}, b).In<float>({n}, bias).In<float>({m, n}, addend);
    ASSERT_TRUE(t.Run());
    std::vector<double> exact;
    for (double x : want) exact.push_back(kind.f(x));
    ExpectNear(t.Values<float>(0), exact, k);
  }
}

TEST(MatMul, BatchesBroadcast) {
  constexpr size_t m = 5, n = 18, k = 6;
  const auto a = Random(2 * 1 * m * k, 1), b = Random(3 * k * n, 2);
  OpTest<fb::MatMulT> t;
  t.In<float>({2, 1, m, k}, a).In<float>({3, k, n}, b).Threads(2);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (std::vector<int64_t>{2, 3, m, n}));
  std::vector<double> want;
  for (size_t i = 0; i < 2; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      const auto c = reference::Matmul(&a[i * m * k], &b[j * k * n], m, n, k);
      want.insert(want.end(), c.begin(), c.end());
    }
  }
  ExpectNear(t.Values<float>(0), want, k);
}

TEST(MatMul, OneDimensionalOperands) {
  const auto a = Random(6, 1), b = Random(2 * 6 * 4, 2);
  OpTest<fb::MatMulT> row;
  row.In<float>({6}, a).In<float>({2, 6, 4}, b);
  ASSERT_TRUE(row.Run());
  EXPECT_EQ(row.Shape(0), (std::vector<int64_t>{2, 4}));
  std::vector<double> want;
  for (size_t i = 0; i < 2; ++i) {
    const auto c = reference::Matmul(a.data(), &b[i * 24], 1, 4, 6);
    want.insert(want.end(), c.begin(), c.end());
  }
  ExpectNear(row.Values<float>(0), want, 6);
  OpTest<fb::MatMulT> dot;
  dot.In<float>({3}, {1, 2, 3}).In<float>({3}, {4, 5, 6});
  ASSERT_TRUE(dot.Run());
  EXPECT_EQ(dot.Shape(0), (std::vector<int64_t>{}));
  EXPECT_EQ(dot.Values<float>(0), (std::vector<float>{32}));
}

TEST(MatMul, IntegersAreExactAndWrapAround) {
  OpTest<fb::MatMulT> t;
  t.In<int32_t>({2, 2}, {1, 2, 0x40000000, -4}).In<int32_t>({2, 2}, {5, 6, 7, 8});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<int32_t>(0), (std::vector<int32_t>{19, 22, 0x40000000 - 28, 0x7fffffff - 31}));
  OpTest<fb::MatMulT> wide;
  wide.In<int64_t>({1, 2}, {1ll << 40, 3}).In<int64_t>({2, 1}, {2, 5});
  ASSERT_TRUE(wide.Run());
  EXPECT_EQ(wide.Values<int64_t>(0), (std::vector<int64_t>{(1ll << 41) + 15}));
}

TEST(MatMul, EmptyOperands) {
  OpTest<fb::MatMulT> none;
  none.In<float>({0, 3}, {}).In<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(none.Run());
  EXPECT_EQ(none.Shape(0), (std::vector<int64_t>{0, 2}));
  OpTest<fb::MatMulT> zero;
  zero.In<float>({2, 0}, {}).In<float>({0, 2}, {});
  ASSERT_TRUE(zero.Run());
  EXPECT_EQ(zero.Values<float>(0), (std::vector<float>{0, 0, 0, 0}));
}

TEST(MatMul, RefusesWhatDoesNotFit) {
  OpTest<fb::MatMulT> inner;
  inner.In<float>({2, 3}, Random(6, 1)).In<float>({2, 3}, Random(6, 1));
  EXPECT_FALSE(inner.TryRun().ok());
  OpTest<fb::MatMulT> batch;
  batch.In<float>({2, 1, 1}, Random(2, 1)).In<float>({3, 1, 1}, Random(3, 1));
  EXPECT_FALSE(batch.TryRun().ok());
  OpTest<fb::MatMulT> bias;
  bias.In<float>({1, 1}, {1}).In<float>({1, 2}, {1, 2}).In<float>({3}, {1, 2, 3});
  EXPECT_FALSE(bias.TryRun().ok());
  OpTest<fb::MatMulT> types;
  types.In<float>({1, 1}, {1}).In<int32_t>({1, 1}, {1});
  EXPECT_FALSE(types.TryRun().ok());
}

}  // namespace
}  // namespace pare
