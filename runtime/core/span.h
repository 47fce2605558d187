// A pointer and a count: std::span of C++20 for C++17. Does not own.
#pragma once

#include <cstddef>

namespace pare {

template <class T>
struct Span {
  T* data = nullptr;
  size_t size = 0;

  constexpr Span() = default;
  constexpr Span(T* d, size_t n) : data(d), size(n) {}
  template <size_t N>
  constexpr Span(T (&array)[N]) : data(array), size(N) {}  // NOLINT(google-explicit-constructor)
  constexpr T* begin() const { return data; }
  constexpr T* end() const { return data + size; }
  constexpr T& operator[](size_t i) const { return data[i]; }
  constexpr bool empty() const { return size == 0; }
};

}  // namespace pare
