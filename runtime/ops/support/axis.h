// A tensor as an operator along one axis sees it.
#pragma once

#include "runtime/ops/op.h"

namespace pare {

// [outer, n, inner] in memory: the axis has n elements, inner elements lie between neighbours.
struct AxisView {
  int64_t outer = 1, n = 1, inner = 1;
};

// False where the axis is outside the shape's rank. A scalar counts as one element.
inline bool ViewAxis(const Shape& shape, int64_t axis, AxisView* view) {
  if (!NormalizeAxis(shape.rank > 0 ? shape.rank : 1, &axis)) return false;
  const int at = static_cast<int>(axis);
  *view = {shape.Elements(0, at), shape.rank > 0 ? shape[at] : 1,
           shape.Elements(shape.rank > 0 ? at + 1 : 0, shape.rank)};
  return true;
}

}  // namespace pare
