// Reproducible test data.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <type_traits>
#include <vector>

namespace pare::test {

// `count` floats in [low, high).
inline std::vector<float> Uniform(int64_t count, float low, float high, uint32_t seed = 1) {
  std::vector<float> v(static_cast<size_t>(count));
  for (float& f : v) {
    seed = seed * 1664525u + 1013904223u;
    f = low + (high - low) * static_cast<float>(seed >> 8) / 16777216.0f;
  }
  return v;
}

// `n` numbers in [low, high], whole ones where T is an integer.
template <class T>
std::vector<T> Random(size_t n, double low, double high, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<double> values(low, high);
  std::vector<T> v(n);
  for (T& x : v)
    x = static_cast<T>(std::is_integral_v<T> ? std::nearbyint(values(engine)) : values(engine));
  return v;
}

inline int64_t CountOf(const std::vector<int64_t>& dims) {
  int64_t n = 1;
  for (int64_t d : dims) n *= d;
  return n;
}

}  // namespace pare::test
