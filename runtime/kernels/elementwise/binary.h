// Functions of two variables on rows.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "built_kinds.h"

namespace pare {

// What quantized u8 operands add. All numbers are of codes.
//   Add, Sub   y = (a_factor a + b_factor b + offset) >> shift
//   Mul        y = round((a - a_zero) (b - b_zero) ratio) + zero, half to even
//   Min, Max   of codes
// within [lower, upper].
struct BinaryQuant {
  int32_t a_factor, b_factor, offset, shift;
  int32_t a_zero, b_zero, zero;
  float ratio;
  int32_t lower, upper;
};

// y[r][i] = f(a[r][i], b[r][i]) for r < rows, i < n. Strides count elements. Where a_step or b_step
// is 0 that operand is one value a row. y may be a or b where these have y's strides and step 1.
struct BinaryArgs {
  const void* a;
  const void* b;
  void* y;
  size_t rows, n;
  ptrdiff_t a_stride, b_stride, y_stride;
  uint8_t a_step, b_step;
  const BinaryQuant* quant = nullptr;  // of functions of quantized operands
};
using BinaryFn = void (*)(const BinaryArgs& args);

// Operand types; logic works on bytes, and so do comparisons of bytes and bools.
enum class BinaryType : uint8_t { kF32, kI32, kI64, kU8 };
inline constexpr int kBinaryKinds = 23;

// The function of fb::BinaryKind `kind` for the best instruction set of `cpu`, or null where it is
// not built or not defined for the type. Comparisons and logic write bytes 0 and 1, the rest the
// operand type. Integers wrap around; division by zero gives 0.
BinaryFn SelectBinary(uint8_t kind, BinaryType type, uint32_t cpu);

// The float functions that have vectors for each instruction set, by kind; null elsewhere.
struct BinaryTable {
  BinaryFn functions[10];
};
// Without the kinds that are not built: nothing refers to their functions then.
constexpr BinaryTable OnlyBuilt(BinaryTable table) {
  for (int i = 0; i < 10; ++i) {
    if (!HasKind(kBuiltBinaryKinds, i)) table.functions[i] = nullptr;
  }
  return table;
}

// The functions of quantized operands. They give the same bytes on every instruction set.
struct BinaryU8Table {
  BinaryFn sum;  // Add and Sub
  BinaryFn product, min, max;
};
// The function of fb::BinaryKind `kind`, or null where quantized operands have none.
BinaryFn SelectBinaryU8(uint8_t kind, uint32_t cpu);

}  // namespace pare
