// How far a float32 result may be from the exact one: one table for the whole project, never
// loosened inside a test.
#pragma once

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace pare::test {

// |actual - exact| <= (relative * |exact| + absolute * scale) * epsilon of float32, where scale is
// the largest magnitude that entered the sum (1 for elementwise functions).
struct Tolerance {
  const char* name;  // of the operator, or of the kind where kinds differ
  double relative;
  double absolute;
};

inline constexpr Tolerance kTolerances[] = {
    // exact: the same bits
    {"exact", 0, 0},
    // one IEEE operation
    {"rounded", 0.5, 0},
    {"Rsqrt", 1.5, 0},
    {"Exp", 1.5, 0},
    {"Log", 1.5, 0},
    {"Tanh", 2, 0},
    {"Erf", 2, 0},
    {"Sigmoid", 3, 0},
    {"Elu", 3, 0},
    {"Softplus", 3, 0},
    {"Softsign", 2, 0},
    {"HardSigmoid", 2, 0.5},
    {"HardSwish", 3, 1},
    {"Gelu", 4, 4},
    {"GeluTanh", 4, 0.5},
    {"Silu", 4, 0},
    {"Mish", 6, 0},
    {"Libm", 2, 0},
    // sums of n terms: n enters through scale
    {"Reduce", 8, 2},  // up to 64 terms are added one after another
    {"Matmul", 2, 2},
    {"Attention", 8, 8},
    {"Softmax", 4, 1},
    {"LogSoftmax", 2, 4},
    {"LayerNorm", 8, 16},
    {"GroupNorm", 8, 16},
    {"Lrn", 8, 1},
    {"LpNorm", 4, 0},
    {"Pool", 4, 2},
    {"Resize", 8, 8},
    {"CumSum", 2, 4},
};

// The row of that name; a test that names none is wrong.
inline const Tolerance& ToleranceOf(const char* name) {
  for (const Tolerance& t : kTolerances) {
    if (std::strcmp(t.name, name) == 0) return t;
  }
  std::abort();
}

// NaN matches NaN, infinity the same infinity. Next to overflow infinity will do, and next to the
// subnormal range (64 times the smallest normal number) zero.
inline bool IsClose(double actual, double exact, const Tolerance& t, double scale = 1) {
  constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
  constexpr double kTiny = std::numeric_limits<float>::min();
  if (std::isnan(exact)) return std::isnan(actual);
  if (std::isinf(exact)) return actual == exact;
  if (std::isinf(actual)) return std::fabs(exact) > std::numeric_limits<float>::max() * (1 - 1e-5);
  const double bound = (t.relative * std::fabs(exact) + t.absolute * scale) * kEpsilon;
  return std::fabs(actual - exact) <= bound + (t.relative > 0 ? 64 * kTiny : 0);
}
inline bool IsClose(double actual, double exact, const char* name, double scale = 1) {
  return IsClose(actual, exact, ToleranceOf(name), scale);
}

}  // namespace pare::test
