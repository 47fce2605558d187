#include "runtime/kernels/elementwise/binary_portable.h"

#include <math.h>

#include <initializer_list>
#include <type_traits>

namespace pare {
namespace {

// Steps of 0 and 1 get loops of their own: the compiler makes vectors of them.
template <class T, class R, R (*function)(T, T)>
void Rows(const BinaryArgs& args) {
  const T* a = static_cast<const T*>(args.a);
  const T* b = static_cast<const T*>(args.b);
  R* y = static_cast<R*>(args.y);
  for (size_t r = 0; r < args.rows; ++r) {
    if (args.a_step == 1 && args.b_step == 1) {
      for (size_t i = 0; i < args.n; ++i) y[i] = function(a[i], b[i]);
    } else if (args.a_step == 1) {
      const T value = *b;
      for (size_t i = 0; i < args.n; ++i) y[i] = function(a[i], value);
    } else {
      for (size_t i = 0; i < args.n; ++i) y[i] = function(*a, b[i * args.b_step]);
    }
    a += args.a_stride;
    b += args.b_stride;
    y += args.y_stride;
  }
}

// One loop, small: for what is rarely applied to much data.
template <class T, class R, R (*function)(T, T)>
void RareRows(const BinaryArgs& args) {
  const T* a = static_cast<const T*>(args.a);
  const T* b = static_cast<const T*>(args.b);
  R* y = static_cast<R*>(args.y);
  for (size_t r = 0; r < args.rows; ++r) {
    const T *pa = a, *pb = b;
    for (size_t i = 0; i < args.n; ++i, pa += args.a_step, pb += args.b_step) {
      y[i] = function(*pa, *pb);
    }
    a += args.a_stride;
    b += args.b_stride;
    y += args.y_stride;
  }
}

// Signed overflow wraps: arithmetic happens on unsigned numbers.
template <class T>
using Unsigned = std::make_unsigned_t<T>;

template <class T>
T Add(T a, T b) {
  return static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b));
}
template <class T>
T Sub(T a, T b) {
  return static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b));
}
template <class T>
T Mul(T a, T b) {
  return static_cast<T>(static_cast<Unsigned<T>>(a) * static_cast<Unsigned<T>>(b));
}
template <class T>
T Div(T a, T b) {
  if (b == 0) return 0;
  return b == -1 ? Sub<T>(0, a) : a / b;
}
// The sign of the dividend, as C has it.
template <class T>
T Fmod(T a, T b) {
  return b == 0 || b == -1 ? 0 : a % b;
}
// The sign of the divisor, as Python has it.
template <class T>
T Mod(T a, T b) {
  const T r = Fmod(a, b);
  return r != 0 && (r ^ b) < 0 ? r + b : r;
}
template <class T>
T Pow(T a, T b) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  T y = 1;
  for (; b != 0; b >>= 1) {
    if (b & 1) y = Mul(y, a);
    a = Mul(a, a);
  }
  return y;
}
template <class T>
T Prelu(T a, T b) {
  return a < 0 ? Mul(a, b) : a;
}
template <class T>
T BitAnd(T a, T b) {
  return a & b;
}
template <class T>
T BitOr(T a, T b) {
  return a | b;
}
template <class T>
T BitXor(T a, T b) {
  return a ^ b;
}
template <class T>
T ShiftLeft(T a, T b) {
  const auto count = static_cast<Unsigned<T>>(b);
  return count < sizeof(T) * 8 ? static_cast<T>(static_cast<Unsigned<T>>(a) << count) : 0;
}
template <class T>
T ShiftRight(T a, T b) {
  const auto count = static_cast<Unsigned<T>>(b);
  return count < sizeof(T) * 8 ? static_cast<T>(static_cast<Unsigned<T>>(a) >> count) : 0;
}

template <class T>
T Min(T a, T b) {
  return b < a ? b : a;
}
template <class T>
T Max(T a, T b) {
  return b > a ? b : a;
}
template <class T>
uint8_t Equal(T a, T b) {
  return a == b;
}
template <class T>
uint8_t Less(T a, T b) {
  return a < b;
}
template <class T>
uint8_t LessOrEqual(T a, T b) {
  return a <= b;
}
template <class T>
uint8_t Greater(T a, T b) {
  return a > b;
}
template <class T>
uint8_t GreaterOrEqual(T a, T b) {
  return a >= b;
}

uint8_t And(uint8_t a, uint8_t b) { return (a != 0) & (b != 0); }
uint8_t Or(uint8_t a, uint8_t b) { return (a | b) != 0; }
uint8_t Xor(uint8_t a, uint8_t b) { return (a != 0) ^ (b != 0); }

float FmodFloat(float a, float b) { return fmodf(a, b); }
float ModFloat(float a, float b) {
  const float r = fmodf(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
float PowFloat(float a, float b) { return powf(a, b); }
float Square(float a, float) { return a * a; }
float Cube(float a, float) { return a * a * a; }
float Root(float a, float) { return sqrtf(a); }

// Exponents that models are full of do not need powf.
void PowRows(const BinaryArgs& args) {
  const float exponent = *static_cast<const float*>(args.b);
  const bool one = args.b_step == 0 && (args.b_stride == 0 || args.rows == 1) && args.a_step == 1;
  if (one && exponent == 2.0f) return Rows<float, float, Square>(args);
  if (one && exponent == 3.0f) return Rows<float, float, Cube>(args);
  if (one && exponent == 0.5f) return Rows<float, float, Root>(args);
  RareRows<float, float, PowFloat>(args);
}

// The kinds from `first` on, in the order of fb::BinaryKind; null before and behind them.
constexpr PortableKinds From(int first, std::initializer_list<BinaryFn> functions) {
  PortableKinds kinds = {};
  for (BinaryFn function : functions) kinds.functions[first++] = function;
  return kinds;
}

constexpr PortableKinds Floats() {
  return From(
      4, {PowRows, RareRows<float, float, ModFloat>, RareRows<float, float, FmodFloat>, nullptr,
          nullptr, nullptr, Rows<float, uint8_t, Equal<float>>, Rows<float, uint8_t, Less<float>>,
          Rows<float, uint8_t, LessOrEqual<float>>, Rows<float, uint8_t, Greater<float>>,
          Rows<float, uint8_t, GreaterOrEqual<float>>});
}

template <class T, T (*function)(T, T)>
constexpr BinaryFn kSame = RareRows<T, T, function>;
template <class T, uint8_t (*function)(T, T)>
constexpr BinaryFn kTest = RareRows<T, uint8_t, function>;

template <class T>
constexpr PortableKinds Integers() {
  return From(0, {kSame<T, Add>,
                  kSame<T, Sub>,
                  kSame<T, Mul>,
                  kSame<T, Div>,
                  kSame<T, Pow>,
                  kSame<T, Mod>,
                  kSame<T, Fmod>,
                  kSame<T, Min>,
                  kSame<T, Max>,
                  kSame<T, Prelu>,
                  kTest<T, Equal>,
                  kTest<T, Less>,
                  kTest<T, LessOrEqual>,
                  kTest<T, Greater>,
                  kTest<T, GreaterOrEqual>,
                  nullptr,
                  nullptr,
                  nullptr,
                  kSame<T, BitAnd>,
                  kSame<T, BitOr>,
                  kSame<T, BitXor>,
                  kSame<T, ShiftLeft>,
                  kSame<T, ShiftRight>});
}

constexpr PortableKinds Bytes() {
  using T = uint8_t;
  return From(
      10, {kTest<T, Equal>, kTest<T, Less>, kTest<T, LessOrEqual>, kTest<T, Greater>,
           kTest<T, GreaterOrEqual>, kTest<T, And>, kTest<T, Or>, kTest<T, Xor>, kSame<T, BitAnd>,
           kSame<T, BitOr>, kSame<T, BitXor>, kSame<T, ShiftLeft>, kSame<T, ShiftRight>});
}

constexpr PortableBinaryTable OnlyBuilt(PortableBinaryTable table) {
  for (int i = 0; i < kBinaryKinds; ++i) {
    if (HasKind(kBuiltBinaryKinds, i)) continue;
    for (PortableKinds& type : table.types) type.functions[i] = nullptr;
  }
  return table;
}

}  // namespace

const PortableBinaryTable kPortableBinary =
    OnlyBuilt({{Floats(), Integers<int32_t>(), Integers<int64_t>(), Bytes()}});

}  // namespace pare
