#include "runtime/ops/support/activation.h"

#include <limits>

#include "model_generated.h"

namespace pare {

static_assert(static_cast<int>(fb::UnaryKind::MAX) + 1 == kUnaryKinds,
              "a kind needs its row in unary_f32.inc");

ActivationParams FromAttributes(const fb::Activation* activation) {
  if (activation == nullptr) return {};
  return {static_cast<uint8_t>(activation->kind()), activation->alpha(), activation->beta()};
}

bool ClampOf(const ActivationParams& params, ClampBounds* bounds) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  *bounds = {-kInfinity, kInfinity};
  switch (static_cast<fb::UnaryKind>(params.kind)) {
    case fb::UnaryKind::None: return true;
    case fb::UnaryKind::Relu: bounds->lower = 0; return true;
    case fb::UnaryKind::Clip: *bounds = {params.alpha, params.beta}; return true;
    default: return false;
  }
}

Result<UnaryFn> SelectActivation(const ActivationParams& params, CpuMask cpu) {
  if (params.kind == 0) return UnaryFn{nullptr};
  if (!HasKind(kBuiltUnaryKinds, params.kind)) return NotBuilt();
  const UnaryFn function = SelectUnary(params.kind, cpu);
  if (function == nullptr) return Error(Code::kUnsupported, "this activation cannot be fused");
  return function;
}

}  // namespace pare
