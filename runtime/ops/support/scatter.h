// How ScatterElements and ScatterNd combine an update with what is there.
#pragma once

#include "model_generated.h"
#include "runtime/ops/op.h"

namespace pare {

// Combines `count` elements of `updates` into those of `target`.
using CombineFn = void (*)(const void* updates, void* target, int64_t count);

// The function for the type, or null where the type has no arithmetic (None works for all).
CombineFn SelectCombine(fb::ScatterReduce reduce, DType dtype);

// Of infer: types and layouts of data and updates, and the reduction.
Status CheckScatter(const Tensor& data, const Tensor& updates, fb::ScatterReduce reduce);
// Lets the result lie where the data lies.
Status PlanScatter(PlanContext& context);
// Copies the data to the result where they do not share memory.
void StartScatter(const Tensor& data, const Tensor& out);

}  // namespace pare
