#include "runtime/kernels/elementwise/cast.h"

#include <stdint.h>
#include <string.h>

#include <type_traits>

namespace pare {
namespace {

// Element types that C++ has no arithmetic for.
struct Half {
  uint16_t bits;
};
struct Bfloat16 {
  uint16_t bits;
};
struct Bool {
  uint8_t value;
};

inline uint32_t BitsOf(float f) {
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  return bits;
}
inline float FloatOf(uint32_t bits) {
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

// The exponent is moved by a multiplication, which makes subnormal numbers normal; infinity and NaN
// get theirs.
inline float ToFloat(Half h) {
  const uint32_t magnitude = h.bits & 0x7fffu;
  const uint32_t scaled = BitsOf(FloatOf(magnitude << 13) * 0x1p112f);
  const uint32_t special = magnitude >= 0x7c00u ? 0x7f800000u : 0u;
  return FloatOf(scaled | special | (h.bits & 0x8000u) << 16);
}
inline float ToFloat(Bfloat16 b) { return FloatOf(static_cast<uint32_t>(b.bits) << 16); }

// Nearest, ties to even.
inline Half ToHalf(float f) {
  const uint32_t bits = BitsOf(f), magnitude = bits & 0x7fffffffu;
  const uint32_t normal = (magnitude + 0xfffu + (magnitude >> 13 & 1u) - 0x38000000u) >> 13;
  const uint32_t subnormal = BitsOf(FloatOf(magnitude) + 0.5f) - 0x3f000000u;
  const uint32_t special = magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u;
  const uint32_t finite = magnitude < 0x38800000u ? subnormal : normal;
  const uint32_t half = magnitude < 0x47800000u ? finite : special;
  return {static_cast<uint16_t>(half | (bits >> 16 & 0x8000u))};
}
inline Bfloat16 ToBfloat16(float f) {
  const uint32_t bits = BitsOf(f);
  const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  return {static_cast<uint16_t>(f != f ? bits >> 16 | 0x40u : rounded)};
}

// To float so that rounding it again gives what rounding once would: inexact results are odd.
inline float ToOdd(double d) {
  const float f = static_cast<float>(d);
  if (static_cast<double>(f) == d || d != d || f - f != 0) return f;
  uint32_t bits = BitsOf(f);
  const bool away = (f < 0 ? -static_cast<double>(f) : f) > (d < 0 ? -d : d);
  bits -= away ? 1 : 0;
  return FloatOf(bits | 1u);
}

inline int64_t Saturate(double d, double low, double high, int64_t least, int64_t most) {
  if (d != d) return 0;
  if (d <= low) return least;
  return d >= high ? most : static_cast<int64_t>(d);
}
inline int64_t ToInt64(double d) { return Saturate(d, -0x1p63, 0x1p63, INT64_MIN, INT64_MAX); }

// One element of a wide type (double, int64_t, uint64_t) to any type.
template <class To, class Wide>
inline To Narrow(Wide w) {
  if constexpr (std::is_same_v<To, Half>) {
    return ToHalf(ToOdd(static_cast<double>(w)));
  } else if constexpr (std::is_same_v<To, Bfloat16>) {
    return ToBfloat16(ToOdd(static_cast<double>(w)));
  } else if constexpr (std::is_same_v<To, Bool>) {
    return {w != 0};
  } else if constexpr (!std::is_same_v<Wide, double> || std::is_floating_point_v<To>) {
    return static_cast<To>(w);
  } else if constexpr (std::is_same_v<To, int32_t>) {
    return static_cast<To>(Saturate(w, -0x1p31, 0x1p31, INT32_MIN, INT32_MAX));
  } else if constexpr (std::is_same_v<To, uint64_t>) {
    const bool large = w >= 0x1p63;
    if (w >= 0x1p64) return UINT64_MAX;
    return static_cast<uint64_t>(ToInt64(large ? w - 0x1p63 : w)) + (large ? uint64_t{1} << 63 : 0);
  } else {
    return static_cast<To>(ToInt64(w));
  }
}

template <class From>
auto Widen(From x) {
  if constexpr (std::is_same_v<From, Half> || std::is_same_v<From, Bfloat16>) {
    return static_cast<double>(ToFloat(x));
  } else if constexpr (std::is_same_v<From, Bool>) {
    return static_cast<int64_t>(x.value != 0);
  } else if constexpr (std::is_floating_point_v<From>) {
    return static_cast<double>(x);
  } else if constexpr (std::is_same_v<From, uint64_t>) {
    return x;
  } else {
    return static_cast<int64_t>(x);
  }
}

// Calls f with a null pointer to the element type.
template <class F>
void WithType(DType dtype, const F& f) {
  switch (dtype) {
    case DType::kF32: return f(static_cast<float*>(nullptr));
    case DType::kF16: return f(static_cast<Half*>(nullptr));
    case DType::kBF16: return f(static_cast<Bfloat16*>(nullptr));
    case DType::kF64: return f(static_cast<double*>(nullptr));
    case DType::kI8: return f(static_cast<int8_t*>(nullptr));
    case DType::kU8: return f(static_cast<uint8_t*>(nullptr));
    case DType::kI16: return f(static_cast<int16_t*>(nullptr));
    case DType::kU16: return f(static_cast<uint16_t*>(nullptr));
    case DType::kI32: return f(static_cast<int32_t*>(nullptr));
    case DType::kU32: return f(static_cast<uint32_t*>(nullptr));
    case DType::kI64: return f(static_cast<int64_t*>(nullptr));
    case DType::kU64: return f(static_cast<uint64_t*>(nullptr));
    case DType::kBool: return f(static_cast<Bool*>(nullptr));
  }
}

constexpr size_t kChunk = 256;

// A chunk of wide elements to y, by type.
template <class Wide>
__attribute__((noinline)) void Store(DType to, const Wide* wide, void* y, size_t begin, size_t n) {
  WithType(to, [&](auto* type) {
    using To = std::remove_pointer_t<decltype(type)>;
    To* out = static_cast<To*>(y) + begin;
    for (size_t i = 0; i < n; ++i) out[i] = Narrow<To>(wide[i]);
  });
}

// Any pair, in two steps over a small buffer.
void Generic(DType from, DType to, const void* x, void* y, size_t n) {
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const size_t count = n - begin < kChunk ? n - begin : kChunk;
    WithType(from, [&](auto* type) {
      using From = std::remove_pointer_t<decltype(type)>;
      using Wide = decltype(Widen(From{}));
      const From* in = static_cast<const From*>(x) + begin;
      Wide wide[kChunk];
      for (size_t i = 0; i < count; ++i) wide[i] = Widen(in[i]);
      Store(to, wide, y, begin, count);
    });
  }
}

void Copy(DType from, DType, const void* x, void* y, size_t n) {
  if (n != 0 && x != y) memcpy(y, x, n * SizeOf(from));
}

// Pairs that models are full of, in one step.
template <class From, class To>
void Direct(DType, DType, const void* x, void* y, size_t n) {
  const From* in = static_cast<const From*>(x);
  To* out = static_cast<To*>(y);
  for (size_t i = 0; i < n; ++i) {
    if constexpr (std::is_same_v<To, Half>) {
      out[i] = ToHalf(in[i]);
    } else if constexpr (std::is_same_v<To, Bfloat16>) {
      out[i] = ToBfloat16(in[i]);
    } else if constexpr (std::is_same_v<From, Half> || std::is_same_v<From, Bfloat16>) {
      out[i] = ToFloat(in[i]);
    } else if constexpr (std::is_same_v<From, Bool>) {
      out[i] = in[i].value != 0 ? 1.0f : 0.0f;
    } else {
      out[i] = static_cast<To>(in[i]);
    }
  }
}

struct Pair {
  DType from, to;
  CastFn function;
};
constexpr Pair kPairs[] = {
    {DType::kF32, DType::kF16, Direct<float, Half>},
    {DType::kF16, DType::kF32, Direct<Half, float>},
    {DType::kF32, DType::kBF16, Direct<float, Bfloat16>},
    {DType::kBF16, DType::kF32, Direct<Bfloat16, float>},
    {DType::kU8, DType::kF32, Direct<uint8_t, float>},
    {DType::kBool, DType::kF32, Direct<Bool, float>},
    {DType::kI32, DType::kF32, Direct<int32_t, float>},
    {DType::kI64, DType::kF32, Direct<int64_t, float>},
    {DType::kI64, DType::kI32, Direct<int64_t, int32_t>},
    {DType::kI32, DType::kI64, Direct<int32_t, int64_t>},
};

}  // namespace

CastFn SelectCast(DType from, DType to) {
  if (from == to) return Copy;
  for (const Pair& pair : kPairs) {
    if (pair.from == from && pair.to == to) return pair.function;
  }
  return Generic;
}

}  // namespace pare
