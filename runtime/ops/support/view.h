// Operators whose result is input 0's bytes under another shape.
#pragma once

#include "runtime/ops/op.h"

namespace pare {

// Sets output 0 to the input's type and `shape`, which must have as many elements. Where the
// input's size depends on data, run checks that.
Status SetView(const NodeView& node, const Shape& shape);
Status PlanView(PlanContext& context);
// Copies where the planner could not let the output lie on the input.
Status RunView(const RunContext& context);

}  // namespace pare
