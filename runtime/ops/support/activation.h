// The schema's activation as kernels take it.
#pragma once

#include "runtime/kernels/elementwise/unary.h"
#include "runtime/ops/op.h"

namespace pare {

namespace fb {
struct Activation;
}

// Null: the identity (kind 0).
ActivationParams FromAttributes(const fb::Activation* activation);

// What an activation that only bounds its result is: Relu, Clip, or none.
struct ClampBounds {
  float lower, upper;
};
// False where it is more than that.
bool ClampOf(const ActivationParams& params, ClampBounds* bounds);

// The function of a fused activation: null for none. An error where the kind cannot be fused.
Result<UnaryFn> SelectActivation(const ActivationParams& params, CpuMask cpu);

}  // namespace pare
