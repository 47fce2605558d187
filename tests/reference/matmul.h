// Matrix products in double: the oracle of kernels and operators.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace pare::reference {

// sum(a[k] * b[k]) and the sum of magnitudes, in which errors of float sums are measured.
struct Dot {
  double sum = 0, magnitude = 0;
  void Add(double a, double b) {
    sum += a * b;
    magnitude += std::fabs(a * b);
  }
};

// c[m][n] = a[m][k] * b[k][n], row-major.
template <class T>
std::vector<double> Matmul(const T* a, const T* b, size_t m, size_t n, size_t k) {
  std::vector<double> c(m * n);
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < n; ++j) {
      Dot dot;
      for (size_t x = 0; x < k; ++x)
        dot.Add(static_cast<double>(a[i * k + x]), static_cast<double>(b[x * n + j]));
      c[i * n + j] = dot.sum;
    }
  }
  return c;
}

}  // namespace pare::reference
