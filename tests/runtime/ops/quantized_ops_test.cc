// Operators on quantized u8 against the real numbers that the codes stand for.
#include <cmath>
#include <functional>

#include "tests/support/op_test.h"

namespace pare {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;
using test::OpTest;

struct Scale {
  float scale;
  int32_t zero;
  double Real(uint8_t q) const { return double(scale) * (q - zero); }
  double Code(double real) const { return std::fmin(std::fmax(real / scale + zero, 0), 255); }
};

std::vector<uint8_t> Codes(size_t n, unsigned seed = 0) {
  std::vector<uint8_t> q(n);
  for (size_t i = 0; i < n; ++i) q[i] = static_cast<uint8_t>((i + seed) * 89 % 256);
  return q;
}

template <class OpT>
std::unique_ptr<fb::ActivationT> Activate(OpT*, UnaryKind kind, float alpha, float beta) {
  auto activation = std::make_unique<fb::ActivationT>();
  activation->kind = kind;
  activation->alpha = alpha;
  activation->beta = beta;
  return activation;
}

void CheckUnary(UnaryKind kind, float alpha, Scale in, Scale out,
                const std::function<double(double)>& f) {
  fb::UnaryT op;
  op.activation = Activate(&op, kind, alpha, 1);
  OpTest<fb::UnaryT> t(std::move(op));
  const auto x = Codes(300);
  t.InQuantized({300}, x, in.scale, in.zero).Quantized(out.scale, out.zero);
  ASSERT_TRUE(t.Run());
  const auto y = t.Values<uint8_t>(0);
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_NEAR(y[i], out.Code(f(in.Real(x[i]))), 0.501) << int(kind) << " " << int{x[i]};
}

TEST(QuantizedOps, UnaryByTable) {
  const Scale in{0.05f, 100};
  CheckUnary(UnaryKind::None, 0, in, {0.08f, 90}, [](double x) { return x; });
  CheckUnary(UnaryKind::Relu, 0, in, {0.04f, 0}, [](double x) { return std::fmax(x, 0); });
  CheckUnary(UnaryKind::Sigmoid, 0, in, {1 / 256.f, 0},
             [](double x) { return 1 / (1 + std::exp(-x)); });
  CheckUnary(UnaryKind::Tanh, 0, in, {1 / 128.f, 128}, [](double x) { return std::tanh(x); });
  CheckUnary(UnaryKind::LeakyRelu, 0.1f, in, {0.05f, 30},
             [](double x) { return x < 0 ? double(0.1f) * x : x; });
  CheckUnary(UnaryKind::Gelu, 0, in, {0.05f, 10},
             [](double x) { return x * 0.5 * std::erfc(-x / std::sqrt(2.0)); });
}

TEST(QuantizedOps, UnaryRefusesBoolsAndFloats) {
  fb::UnaryT op;
  op.activation = Activate(&op, UnaryKind::IsNan, 0, 0);
  OpTest<fb::UnaryT> t(std::move(op));
  t.InQuantized({4}, Codes(4), 1, 0).Quantized(1, 0);
  EXPECT_EQ(t.TryRun().code, Code::kUnsupported);
  fb::UnaryT tanh;
  tanh.activation = Activate(&tanh, UnaryKind::Tanh, 0, 0);
  OpTest<fb::UnaryT> floats(std::move(tanh));
  floats.InQuantized({4}, Codes(4), 1, 0);
  EXPECT_EQ(floats.TryRun().code, Code::kUnsupported);
}

void CheckBinary(BinaryKind kind, Scale a, Scale b, Scale y, bool clip, int64_t rows, int64_t n,
                 const std::function<double(double, double)>& f) {
  const auto all = static_cast<size_t>(rows * n), columns = static_cast<size_t>(n);
  for (const std::vector<int64_t>& shape :
       std::vector<std::vector<int64_t>>{{rows, n}, {n}, {rows, 1}, {1}}) {
    fb::BinaryT op;
    op.kind = kind;
    if (clip) op.activation = Activate(&op, UnaryKind::Clip, -0.3f, 1.2f);
    OpTest<fb::BinaryT> t(std::move(op));
    int64_t count = 1;
    for (int64_t d : shape) count *= d;
    const auto u = Codes(all), v = Codes(static_cast<size_t>(count), 13);
    t.InQuantized({rows, n}, u, a.scale, a.zero).InQuantized(shape, v, b.scale, b.zero);
    t.Quantized(y.scale, y.zero);
    ASSERT_TRUE(t.Run());
    const auto result = t.Values<uint8_t>(0);
    for (size_t i = 0; i < u.size(); ++i) {
      const size_t j = shape.size() == 2 && shape[1] == 1 ? i / columns : i % v.size();
      double want = f(a.Real(u[i]), b.Real(v[j]));
      if (clip) want = std::fmin(std::fmax(want, double(-0.3f)), double(1.2f));
      ASSERT_NEAR(result[i], y.Code(want), clip ? 0.51 : 0.5005) << int(kind) << " " << i;
    }
  }
}

void CheckBinary(BinaryKind kind, Scale a, Scale b, Scale y, bool clip,
                 const std::function<double(double, double)>& f) {
  CheckBinary(kind, a, b, y, clip, 6, 35, f);
  CheckBinary(kind, a, b, y, clip, 70, 7, f);  // short rows: they are lengthened
}

TEST(QuantizedOps, BinaryWithBroadcasting) {
  const Scale a{0.02f, 120}, b{0.007f, 33}, y{0.019f, 101};
  const auto add = [](double u, double v) { return u + v; };
  const auto sub = [](double u, double v) { return u - v; };
  const auto mul = [](double u, double v) { return u * v; };
  CheckBinary(BinaryKind::Add, a, b, y, false, add);
  CheckBinary(BinaryKind::Add, {100.f, 0}, {1e-6f, 255}, {3.f, 255}, false, add);
  CheckBinary(BinaryKind::Sub, a, b, y, false, sub);
  CheckBinary(BinaryKind::Mul, a, b, y, false, mul);
  CheckBinary(BinaryKind::Add, a, b, {0.1f, 128}, true, add);
  CheckBinary(BinaryKind::Max, a, a, a, false, [](double u, double v) { return std::fmax(u, v); });
  CheckBinary(BinaryKind::Min, a, a, a, false, [](double u, double v) { return std::fmin(u, v); });
}

TEST(QuantizedOps, BinaryRefusesWhatDoesNotFit) {
  for (BinaryKind kind : {BinaryKind::Div, BinaryKind::Max, BinaryKind::Less}) {
    fb::BinaryT op;
    op.kind = kind;
    OpTest<fb::BinaryT> t(std::move(op));
    t.InQuantized({4}, Codes(4), 1, 0).InQuantized({4}, Codes(4), 2, 0).Quantized(1, 0);
    EXPECT_EQ(t.TryRun().code, Code::kUnsupported);
  }
  OpTest<fb::BinaryT> mixed;
  mixed.InQuantized({4}, Codes(4), 1, 0).In<uint8_t>({4}, Codes(4)).Quantized(1, 0);
  EXPECT_EQ(mixed.TryRun().code, Code::kUnsupported);
}

TEST(QuantizedOps, PoolMaxAndAverage) {
  const Scale in{0.03f, 77};
  for (const bool max : {true, false}) {
    const Scale out = max ? in : Scale{0.021f, 90};
    for (const bool include : {true, false}) {
      fb::PoolT op;
      op.kind = max ? fb::PoolKind::Max : fb::PoolKind::Average;
      op.kernel = {3, 3};
      op.strides = {2, 1};
      op.pads = {1, 1, 1, 1};
      op.count_include_pad = include;
      OpTest<fb::PoolT> t(std::move(op));
      const auto x = Codes(5 * 6 * 21);
      t.InQuantized({1, 5, 6, 21}, x, in.scale, in.zero).Quantized(out.scale, out.zero);
      ASSERT_TRUE(t.Run());
      const auto y = t.Values<uint8_t>(0);
      ASSERT_EQ(t.Shape(0), (std::vector<int64_t>{1, 3, 6, 21}));
      for (int64_t i = 0; i < 3 * 6 * 21; ++i) {
        const int64_t c = i % 21, ox = i / 21 % 6, oy = i / 126;
        double sum = 0, most = -1e9;
        int count = 0;
        for (int64_t ky = 2 * oy - 1; ky <= 2 * oy + 1; ++ky) {
          for (int64_t kx = ox - 1; kx <= ox + 1; ++kx) {
            if (ky < 0 || ky >= 5 || kx < 0 || kx >= 6) continue;
            const double real = in.Real(x[static_cast<size_t>((ky * 6 + kx) * 21 + c)]);
            sum += real;
            most = std::fmax(most, real);
            ++count;
          }
        }
        const double want = max ? most : sum / (include ? 9 : count);
        ASSERT_NEAR(y[static_cast<size_t>(i)], out.Code(want), 0.5001) << i;
      }
    }
  }
}

TEST(QuantizedOps, ReduceSpatialAxes) {
  const Scale in{0.03f, 77};
  for (auto kind : {fb::ReduceKind::Mean, fb::ReduceKind::Sum, fb::ReduceKind::Max}) {
    for (const std::vector<int64_t>& axes :
         std::vector<std::vector<int64_t>>{{1, 2}, {3}, {0, 1, 2, 3}}) {
      const Scale out =
          kind == fb::ReduceKind::Max ? in : Scale{kind == fb::ReduceKind::Sum ? 0.9f : 0.01f, 90};
      fb::ReduceT op;
      op.kind = kind;
      op.axes = axes;
      OpTest<fb::ReduceT> t(std::move(op));
      const auto x = Codes(2 * 7 * 5 * 43);
      t.InQuantized({2, 7, 5, 43}, x, in.scale, in.zero).Quantized(out.scale, out.zero);
      ASSERT_TRUE(t.Run());
      const auto y = t.Values<uint8_t>(0);
      std::vector<double> sum(y.size()), most(y.size(), -1e9);
      for (size_t i = 0; i < x.size(); ++i) {
        const size_t at = axes.size() == 2 ? i / 1505 * 43 + i % 43 : axes.size() == 1 ? i / 43 : 0;
        sum[at] += in.Real(x[i]);
        most[at] = std::fmax(most[at], in.Real(x[i]));
      }
      const double count = static_cast<double>(x.size() / y.size());
      for (size_t i = 0; i < y.size(); ++i) {
        const double want = kind == fb::ReduceKind::Max   ? most[i]
                            : kind == fb::ReduceKind::Sum ? sum[i]
                                                          : sum[i] / count;
        ASSERT_NEAR(y[i], out.Code(want), 0.501) << i;
      }
    }
  }
  fb::ReduceT apart;
  apart.axes = {0, 2};
  OpTest<fb::ReduceT> t(std::move(apart));
  t.InQuantized({2, 2, 2}, Codes(8), 1, 0).Quantized(1, 0);
  EXPECT_EQ(t.TryRun().code, Code::kUnsupported);
}

TEST(QuantizedOps, MovesKeepTheScale) {
  fb::TransposeT transpose;
  transpose.perm = {1, 0};
  for (const float scale : {0.5f, 0.25f}) {
    OpTest<fb::TransposeT> t(transpose);
    t.InQuantized({2, 3}, {1, 2, 3, 4, 5, 6}, 0.5f, 7).Quantized(scale, 7);
    if (scale != 0.5f) {
      EXPECT_EQ(t.TryRun().code, Code::kUnsupported);
      continue;
    }
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Values<uint8_t>(0), (std::vector<uint8_t>{1, 4, 2, 5, 3, 6}));
  }
  OpTest<fb::ConcatT> concat;
  concat.InQuantized({1}, {1}, 0.5f, 7).InQuantized({1}, {2}, 0.5f, 8).Quantized(0.5f, 7);
  EXPECT_EQ(concat.TryRun().code, Code::kUnsupported);
  OpTest<fb::TransposeT> unscaled(transpose);
  unscaled.InQuantized({2, 3}, {1, 2, 3, 4, 5, 6}, 0.5f, 7);
  EXPECT_EQ(unscaled.TryRun().code, Code::kUnsupported);
}

TEST(QuantizedOps, PadsWithTheCodeOfItsValue) {
  for (const float value : {0.f, 2.f}) {
    fb::PadT op;
    op.pads = {1, 1};
    op.value = value;
    OpTest<fb::PadT> t(std::move(op));
    t.InQuantized({2}, {1, 2}, 0.5f, 7).Quantized(0.5f, 7);
    ASSERT_TRUE(t.Run());
    const uint8_t code = value == 0 ? 7 : 11;
    EXPECT_EQ(t.Values<uint8_t>(0), (std::vector<uint8_t>{code, 1, 2, code}));
  }
}

TEST(QuantizedOps, OthersRefuseQuantizedValues) {
  OpTest<fb::SoftmaxT> t;
  t.In<float>({2}, {1, 2}).Quantized(0.5f, 7);
  EXPECT_EQ(t.TryRun().code, Code::kUnsupported);
}

}  // namespace
}  // namespace pare
