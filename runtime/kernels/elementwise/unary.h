// Functions of one variable on rows of floats. NaN and infinities as ONNX and numpy have them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "built_kinds.h"

namespace pare {

// A function of the schema's list: kind is fb::UnaryKind's number, alpha and beta as
// fb::Activation documents them. kind 0 is the identity.
struct ActivationParams {
  uint8_t kind = 0;
  float alpha = 0;
  float beta = 0;
};

inline constexpr int kUnaryKinds = 46;

// y[i] = f(x[i]) for i < n. y may be x; otherwise they must not overlap. Any alignment. Meant for
// short rows too: one call costs a few nanoseconds.
using UnaryFn = void (*)(const ActivationParams* params, const float* x, float* y, size_t n);

// The function of `kind` for the best instruction set of `cpu`, or null where the kind does not map
// float to float (Not, IsNan, IsInf, BitwiseNot), is not built or does not exist.
UnaryFn SelectUnary(uint8_t kind, uint32_t cpu);

// One function a kind; null where this instruction set has none of its own.
struct UnaryTable {
  UnaryFn functions[kUnaryKinds];
};
// Without the kinds that are not built: nothing refers to their functions then.
constexpr UnaryTable OnlyBuilt(UnaryTable table) {
  for (int i = 0; i < kUnaryKinds; ++i) {
    if (!HasKind(kBuiltUnaryKinds, i)) table.functions[i] = nullptr;
  }
  return table;
}

}  // namespace pare
