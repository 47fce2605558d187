#include "runtime/kernels/elementwise/unary.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "model_generated.h"
#include "runtime/kernels/cpu.h"
#include "tests/support/tolerance.h"

namespace pare {
namespace {

using fb::UnaryKind;
using test::IsClose;

struct Case {
  UnaryKind kind;
  const char* tolerance;
  double (*exact)(double x, double a, double b);
  float a = 0, b = 0;
};

double Clamp(double x, double low, double high) { return std::fmin(std::fmax(x, low), high); }
double Logistic(double x) { return 1 / (1 + std::exp(-x)); }

// NaN is tested apart: these need not treat it as the kernels do.
const Case kCases[] = {
    {UnaryKind::None, "exact", [](double x, double, double) { return x; }},
    {UnaryKind::Abs, "exact", [](double x, double, double) { return std::fabs(x); }},
    {UnaryKind::Neg, "exact", [](double x, double, double) { return -x; }},
    {UnaryKind::Exp, "Exp", [](double x, double, double) { return std::exp(x); }},
    {UnaryKind::Log, "Log", [](double x, double, double) { return std::log(x); }},
    {UnaryKind::Sqrt, "rounded", [](double x, double, double) { return std::sqrt(x); }},
    {UnaryKind::Rsqrt, "Rsqrt", [](double x, double, double) { return 1 / std::sqrt(x); }},
    {UnaryKind::Reciprocal, "rounded", [](double x, double, double) { return 1 / x; }},
    {UnaryKind::Floor, "exact", [](double x, double, double) { return std::floor(x); }},
    {UnaryKind::Ceil, "exact", [](double x, double, double) { return std::ceil(x); }},
    {UnaryKind::Round, "exact", [](double x, double, double) { return std::nearbyint(x); }},
    {UnaryKind::Sign, "exact", [](double x, double, double) { return double((x > 0) - (x < 0)); }},
    {UnaryKind::Sin, "Libm", [](double x, double, double) { return std::sin(x); }},
    {UnaryKind::Cos, "Libm", [](double x, double, double) { return std::cos(x); }},
    {UnaryKind::Tan, "Libm", [](double x, double, double) { return std::tan(x); }},
    {UnaryKind::Asin, "Libm", [](double x, double, double) { return std::asin(x); }},
    {UnaryKind::Acos, "Libm", [](double x, double, double) { return std::acos(x); }},
    {UnaryKind::Atan, "Libm", [](double x, double, double) { return std::atan(x); }},
    {UnaryKind::Sinh, "Libm", [](double x, double, double) { return std::sinh(x); }},
    {UnaryKind::Cosh, "Libm", [](double x, double, double) { return std::cosh(x); }},
    {UnaryKind::Tanh, "Tanh", [](double x, double, double) { return std::tanh(x); }},
    {UnaryKind::Asinh, "Libm", [](double x, double, double) { return std::asinh(x); }},
    {UnaryKind::Acosh, "Libm", [](double x, double, double) { return std::acosh(x); }},
    {UnaryKind::Atanh, "Libm", [](double x, double, double) { return std::atanh(x); }},
    {UnaryKind::Erf, "Erf", [](double x, double, double) { return std::erf(x); }},
    {UnaryKind::Sigmoid, "Sigmoid", [](double x, double, double) { return Logistic(x); }},
    {UnaryKind::Relu, "exact", [](double x, double, double) { return std::fmax(x, 0.0); }},
    {UnaryKind::LeakyRelu, "rounded", [](double x, double a, double) { return x < 0 ? a * x : x; },
     0.01f},
    {UnaryKind::Elu, "Elu",
     [](double x, double a, double) { return x > 0 ? x : a * std::expm1(x); }, 1.5f},
    {UnaryKind::Selu, "Elu",
     [](double x, double a, double b) { return b * (x > 0 ? x : a * std::expm1(x)); }, 1.67326319f,
     1.05070102f},
    {UnaryKind::Celu, "Elu",
     [](double x, double a, double) { return x > 0 ? x : a * std::expm1(x / a); }, 2.0f},
    {UnaryKind::ThresholdedRelu, "exact", [](double x, double a, double) { return x > a ? x : 0; },
     1.0f},
    {UnaryKind::HardSigmoid, "HardSigmoid",
     [](double x, double a, double b) { return Clamp(a * x + b, 0, 1); }, 0.2f, 0.5f},
    {UnaryKind::HardSwish, "HardSwish",
     [](double x, double, double) { return x * Clamp(x / 6 + 0.5, 0, 1); }},
    {UnaryKind::Softplus, "Softplus",
     [](double x, double, double) {
       return std::fmax(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
     }},
    {UnaryKind::Softsign, "Softsign",
     [](double x, double, double) { return x / (1 + std::fabs(x)); }},
    {UnaryKind::Gelu, "Gelu",
     [](double x, double, double) { return 0.5 * x * std::erfc(-x * std::sqrt(0.5)); }},
    {UnaryKind::GeluTanh, "GeluTanh",
     [](double x, double, double) {
       return x * Logistic(2 * 0.7978845608028654 * (x + 0.044715 * x * x * x));
     }},
    {UnaryKind::Silu, "Silu", [](double x, double, double) { return x * Logistic(x); }},
    {UnaryKind::Mish, "Mish",
     [](double x, double, double) { return x * std::tanh(std::log1p(std::exp(x))); }},
    {UnaryKind::Clip, "exact", [](double x, double a, double b) { return Clamp(x, a, b); }, -1.0f,
     6.0f},
    {UnaryKind::Shrink, "rounded",
     [](double x, double a, double b) { return x < -a  ? x + b
                                               : x > a ? x - b
                                                       : 0; }, 0.5f, 0.25f},
};

// Every exponent, both signs, with a spread of mantissas, and dense around zero.
std::vector<float> Arguments() {
  std::vector<float> x = {0.0f, -0.0f, 0.5f,       -0.5f,       1.5f,
                          2.5f, -2.5f, 8388607.5f, -8388609.0f, 1e30f};
  uint32_t random = 1;
  for (uint32_t sign = 0; sign < 2; ++sign) {
    for (uint32_t exponent = 0; exponent < 255; ++exponent) {
      for (int i = 0; i < 40; ++i) {
        random = random * 1664525u + 1013904223u;
        const uint32_t bits = sign << 31 | exponent << 23 | random >> 9;
        float f;
        std::memcpy(&f, &bits, sizeof f);
        x.push_back(f);
      }
    }
  }
  for (int i = -100000; i <= 100000; ++i) x.push_back(static_cast<float>(i) * 1.21e-3f);
  for (float f : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::max()}) {
    x.push_back(f);
    x.push_back(-f);
  }
  return x;
}

TEST(Unary, IsAccurateOverAllFloats) {
  const std::vector<float> x = Arguments();
  std::vector<float> y(x.size());
  for (const Case& c : kCases) {
    const ActivationParams params{static_cast<uint8_t>(c.kind), c.a, c.b};
    const UnaryFn function = SelectUnary(params.kind, HostCpu());
    ASSERT_NE(function, nullptr) << fb::EnumNameUnaryKind(c.kind);
    function(&params, x.data(), y.data(), x.size());
    int wrong = 0;
    for (size_t i = 0; i < x.size() && wrong < 5; ++i) {
      const double exact = c.exact(x[i], c.a, c.b);
      if (std::isnan(exact) && std::isinf(x[i])) continue;  // inf / inf: a limit may come out too
      const bool close = IsClose(y[i], exact, c.tolerance);
      wrong += !close;
      EXPECT_TRUE(close) << fb::EnumNameUnaryKind(c.kind) << "(" << x[i] << ") = " << y[i]
                         << ", exact " << exact;
    }
  }
}

TEST(Unary, KeepsNanExceptWhereAComparisonDecides) {
  for (const Case& c : kCases) {
    if (c.kind == UnaryKind::ThresholdedRelu || c.kind == UnaryKind::Shrink) continue;
    const ActivationParams params{static_cast<uint8_t>(c.kind), c.a, c.b};
    std::vector<float> x(37, std::nanf(""));
    SelectUnary(params.kind, HostCpu())(&params, x.data(), x.data(), x.size());
    for (float y : x) EXPECT_TRUE(std::isnan(y)) << fb::EnumNameUnaryKind(c.kind);
  }
}

TEST(Unary, GivesTheSameInPlaceAtEveryLengthAndTouchesNothingElse) {
  for (const Case& c : kCases) {
    const ActivationParams params{static_cast<uint8_t>(c.kind), c.a, c.b};
    const UnaryFn function = SelectUnary(params.kind, HostCpu());
    const float domain = c.kind == UnaryKind::Acosh ? 1.0f : 0.25f;
    for (size_t n = 0; n < 70; ++n) {
      std::vector<float> x(n + 2, 7.0f), y(n + 2, 7.0f);
      for (size_t i = 0; i < n; ++i) x[i + 1] = domain + 0.01f * static_cast<float>(i % 50);
      function(&params, x.data() + 1, y.data() + 1, n);
      function(&params, x.data() + 1, x.data() + 1, n);
      EXPECT_EQ(x, y);
      EXPECT_EQ(y.front(), 7.0f);
      EXPECT_EQ(y.back(), 7.0f);
    }
  }
}

TEST(Unary, RefusesKindsThatDoNotMapFloatToFloat) {
  for (UnaryKind kind :
       {UnaryKind::Not, UnaryKind::IsNan, UnaryKind::IsInf, UnaryKind::BitwiseNot}) {
    EXPECT_EQ(SelectUnary(static_cast<uint8_t>(kind), HostCpu()), nullptr);
  }
  EXPECT_EQ(SelectUnary(kUnaryKinds, HostCpu()), nullptr);
  EXPECT_EQ(static_cast<int>(UnaryKind::MAX) + 1, kUnaryKinds);
}

}  // namespace
}  // namespace pare
