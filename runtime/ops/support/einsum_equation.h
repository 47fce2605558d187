// The equation of Einsum: "bij,bjk->bik".
#pragma once

#include "runtime/ops/op.h"

namespace pare {

inline constexpr int kMaxEinsumTerms = 8;
inline constexpr int kMaxEinsumLabels = 24;

// A term names the label of each dimension of its tensor; "..." has a label for each dimension that
// it stands for, aligned at the right.
struct EinsumTerm {
  int rank = 0;
  int8_t labels[kMaxRank] = {};
};

struct EinsumEquation {
  int terms = 0;
  EinsumTerm in[kMaxEinsumTerms];
  EinsumTerm out;
  int label_count = 0;
  int64_t sizes[kMaxEinsumLabels] = {};  // of each label; 1 broadcasts

  Shape OutputShape() const;
  // Elements between neighbours along each label in a row-major tensor of `term`: 0 where it lacks
  // the label or broadcasts; the sum where a label repeats (a diagonal).
  void Strides(const EinsumTerm& term, const Shape& shape, int64_t* strides) const;
};

// Parses the text for the inputs' shapes. kShape where it does not fit them.
Status ParseEinsum(const char* text, size_t length, const NodeView& node, EinsumEquation* equation);

}  // namespace pare
