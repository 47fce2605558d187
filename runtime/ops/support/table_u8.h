// A function of quantized values by a table of all codes. Its floats are computed without the
// machine's instruction sets, so that the bytes are the same everywhere.
#pragma once

#include "runtime/kernels/elementwise/lookup.h"
#include "runtime/kernels/elementwise/unary.h"
#include "runtime/ops/op.h"

namespace pare {

inline constexpr size_t kTableBytes = 256;

// Infer of such a function: x and the wanted output are quantized u8.
Status InferTable(const NodeView& node);
// y = f(x); `table` has room for kTableBytes. f null: the identity, which changes the scale.
void RunTable(const RunContext& context, UnaryFn f, const ActivationParams& params,
              LookUpFn look_up, std::byte* table);

}  // namespace pare
