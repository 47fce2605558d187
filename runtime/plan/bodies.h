// How the bodies of If, Loop and Scan receive their inputs.
#pragma once

#include <cstdint>

#include "runtime/core/status.h"
#include "runtime/core/tensor.h"
#include "runtime/ops/op.h"

namespace pare {

// Graph indices of the bodies of an operator of type `type` with the table `attributes`; returns
// their number.
uint32_t BodyGraphs(uint8_t type, const void* attributes, int32_t graphs[2]);

// Writes shape, type, data and known of each of the `count` inputs of a body, from the inputs of
// the node (schema/model.fbs says which is which). Carried values of a Loop and states of a Scan
// are never known, as they change. Data of Loop's iteration and condition, and of Scan's slices, is
// left null: run sets it. kShape where the counts do not fit.
Status BindBody(uint8_t type, const NodeView& node, Tensor* const* body_inputs, uint32_t count);

// One input of a body: a value that all runs of the body share, or one that each run changes.
void BindCapture(const Tensor& from, Tensor* to);
void BindChanging(const Tensor& from, Tensor* to);

}  // namespace pare
