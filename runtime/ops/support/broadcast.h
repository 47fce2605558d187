// Numpy broadcasting as loops: the fewest dimensions, and how far each operand moves in them.
#pragma once

#include "runtime/ops/op.h"

namespace pare {

inline constexpr int kMaxOperands = 3;

// Output dimensions, outermost first; neighbours in which every operand moves alike are one. rank
// is at least 1. Strides count elements; 0 where the operand repeats. The innermost strides are 0
// or 1.
struct BroadcastLoop {
  int rank = 1;
  int64_t dims[kMaxRank] = {1};
  int64_t strides[kMaxOperands][kMaxRank] = {};

  // Rows of the innermost dimension.
  int64_t Rows() const;
  // Offsets of the operands in row `row`.
  void Offsets(int64_t row, int64_t* offsets) const;
};

// The operands must broadcast to `out`.
BroadcastLoop MakeBroadcastLoop(const Shape& out, const Shape* const* operands, int count);

}  // namespace pare
