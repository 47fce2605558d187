// Element types. The enum is the schema's; numbers never change.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pare {

enum class DType : uint8_t {
  kF32,
  kF16,
  kBF16,
  kF64,
  kI8,
  kU8,
  kI16,
  kU16,
  kI32,
  kU32,
  kI64,
  kU64,
  kBool
};
inline constexpr int kDTypeCount = 13;

// Bytes of one element.
constexpr size_t SizeOf(DType t) {
  constexpr uint8_t kSize[kDTypeCount] = {4, 2, 2, 8, 1, 1, 2, 2, 4, 4, 8, 8, 1};
  return kSize[static_cast<uint8_t>(t)];
}

constexpr bool IsFloat(DType t) {
  return static_cast<uint8_t>(t) <= static_cast<uint8_t>(DType::kF64);
}
constexpr bool IsInteger(DType t) { return !IsFloat(t) && t != DType::kBool; }

// "f32", "i64", "bool": the spelling of tools, messages and file dumps.
const char* NameOf(DType t);

// The C++ type of an element to its DType: kDTypeOf<float> == DType::kF32.
template <class T>
inline constexpr DType kDTypeOf = DType::kF32;
template <>
inline constexpr DType kDTypeOf<double> = DType::kF64;
template <>
inline constexpr DType kDTypeOf<int8_t> = DType::kI8;
template <>
inline constexpr DType kDTypeOf<uint8_t> = DType::kU8;
template <>
inline constexpr DType kDTypeOf<int16_t> = DType::kI16;
template <>
inline constexpr DType kDTypeOf<uint16_t> = DType::kU16;
template <>
inline constexpr DType kDTypeOf<int32_t> = DType::kI32;
template <>
inline constexpr DType kDTypeOf<uint32_t> = DType::kU32;
template <>
inline constexpr DType kDTypeOf<int64_t> = DType::kI64;
template <>
inline constexpr DType kDTypeOf<uint64_t> = DType::kU64;
template <>
inline constexpr DType kDTypeOf<bool> = DType::kBool;

// IEEE half and bfloat16 to float and back (round to nearest even), portable.
float HalfToFloat(uint16_t h);
uint16_t FloatToHalf(float f);
float Bfloat16ToFloat(uint16_t b);
uint16_t FloatToBfloat16(float f);

}  // namespace pare
