#include <cmath>
#include <cstring>
#include <type_traits>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/activation.h"
#include "runtime/ops/support/parallel.h"
#include "runtime/ops/support/table_u8.h"

namespace pare {
namespace {

using fb::UnaryKind;

struct State {
  UnaryFn function;  // of floats; null: by kind and type
  LookUpFn look_up;  // of quantized codes, or null
  ActivationParams params;
};

bool IsSupported(UnaryKind kind, DType dtype) {
  switch (kind) {
    case UnaryKind::None: return true;
    case UnaryKind::Not: return dtype == DType::kBool || dtype == DType::kU8;
    case UnaryKind::BitwiseNot: return IsInteger(dtype);
    case UnaryKind::IsNan:
    case UnaryKind::IsInf: return dtype == DType::kF32;
    case UnaryKind::Abs:
    case UnaryKind::Neg:
    case UnaryKind::Sign:
    case UnaryKind::Relu:
    case UnaryKind::Clip:
      return dtype == DType::kF32 || dtype == DType::kI32 || dtype == DType::kI64;
    default: return dtype == DType::kF32;
  }
}

// Functions of quantized values are tables of what they are of floats.
bool IsTabulated(UnaryKind kind) {
  return kind == UnaryKind::None || SelectUnary(static_cast<uint8_t>(kind), kCpuScalar) != nullptr;
}

bool GivesBool(UnaryKind kind) {
  return kind == UnaryKind::Not || kind == UnaryKind::IsNan || kind == UnaryKind::IsInf;
}

Status Infer(const NodeView& node) {
  const ActivationParams params = FromAttributes(node.Attributes<fb::Unary>().activation());
  const auto kind = static_cast<UnaryKind>(params.kind);
  if (!HasKind(kBuiltUnaryKinds, params.kind)) return NotBuilt();
  const Tensor& x = *node.In(0);
  if (x.IsQuantized()) {
    if (!IsTabulated(kind))
      return Error(Code::kUnsupported, "the function does not exist for quantized values");
    return InferTable(node);
  }
  if (!IsSupported(kind, x.dtype)) {
    return ShapeError("the function is not defined for this type; cast the input to f32");
  }
  SetOutput(node, 0, GivesBool(kind) ? DType::kBool : x.dtype, x.shape);
  return Ok();
}

Status PlanStep(PlanContext& context) {
  State* state = context.NewState<State>();
  state->params = FromAttributes(context.Attributes<fb::Unary>().activation());
  const Tensor& x = *context.In(0);
  if (x.IsQuantized()) {
    if (state->params.kind != 0) state->function = SelectUnary(state->params.kind, kCpuScalar);
    state->look_up = SelectLookUp(context.cpu);
    context.scratch_bytes = kTableBytes;
    context.in_place = 0;
    context.kernel = "table";
    return Ok();
  }
  const bool bits = static_cast<UnaryKind>(state->params.kind) == UnaryKind::None;
  if (x.dtype == DType::kF32 && !bits)
    state->function = SelectUnary(state->params.kind, context.cpu);
  context.kernel = state->function != nullptr ? "unary_f32" : "unary_portable";
  const Tensor* y = context.Out(0);
  if (y != nullptr && y->dtype == x.dtype) context.in_place = 0;
  return Ok();
}

// The bound of a Clip as an integer.
template <class T>
T Saturate(float f) {
  constexpr T kMin = std::is_same_v<T, int32_t> ? INT32_MIN : static_cast<T>(INT64_MIN);
  constexpr T kMax = std::is_same_v<T, int32_t> ? INT32_MAX : static_cast<T>(INT64_MAX);
  if (!(f > static_cast<float>(kMin))) return kMin;
  return f < static_cast<float>(kMax) ? static_cast<T>(f) : kMax;
}

template <class T>
void Integers(const ActivationParams& params, const T* x, T* y, size_t n) {
  using U = std::make_unsigned_t<T>;
  const auto negative = [](T v) { return static_cast<T>(U{0} - static_cast<U>(v)); };
  const T low = Saturate<T>(std::ceil(params.alpha)), high = Saturate<T>(std::floor(params.beta));
  for (size_t i = 0; i < n; ++i) {
    T v = x[i];
    switch (static_cast<UnaryKind>(params.kind)) {
      case UnaryKind::Abs: v = v < 0 ? negative(v) : v; break;
      case UnaryKind::Neg: v = negative(v); break;
      case UnaryKind::Sign: v = (v > 0) - (v < 0); break;
      case UnaryKind::Relu: v = v < 0 ? 0 : v; break;
      default:  // Clip
        v = v < low ? low : v;
        v = v > high ? high : v;
    }
    y[i] = v;
  }
}

void IsInfinite(const ActivationParams& params, const float* x, uint8_t* y, size_t n) {
  const bool negative = params.alpha != 0, positive = params.beta != 0;
  for (size_t i = 0; i < n; ++i) y[i] = std::isinf(x[i]) && (x[i] < 0 ? negative : positive);
}

void Portable(const ActivationParams& params, const Tensor& x, const Tensor& y, size_t begin,
              size_t n) {
  const std::byte* from = x.Data<std::byte>() + begin * SizeOf(x.dtype);
  std::byte* to = y.Data<std::byte>() + begin * SizeOf(y.dtype);
  const auto* floats = reinterpret_cast<const float*>(from);
  auto* bools = reinterpret_cast<uint8_t*>(to);
  switch (static_cast<UnaryKind>(params.kind)) {
    case UnaryKind::None:
      if (from != to) std::memcpy(to, from, n * SizeOf(x.dtype));
      return;
    case UnaryKind::Not:
      for (size_t i = 0; i < n; ++i) to[i] = std::byte{from[i] == std::byte{0}};
      return;
    case UnaryKind::BitwiseNot:
      for (size_t i = 0; i < n * SizeOf(x.dtype); ++i) to[i] = ~from[i];
      return;
    case UnaryKind::IsNan:
      for (size_t i = 0; i < n; ++i) bools[i] = floats[i] != floats[i];
      return;
    case UnaryKind::IsInf: return IsInfinite(params, floats, bools, n);
    default: break;
  }
  if (x.dtype == DType::kI32) {
    Integers(params, reinterpret_cast<const int32_t*>(from), reinterpret_cast<int32_t*>(to), n);
  } else {
    Integers(params, reinterpret_cast<const int64_t*>(from), reinterpret_cast<int64_t*>(to), n);
  }
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr) return Ok();
  const Tensor& x = *context.In(0);
  const State& state = context.State<State>();
  if (state.look_up != nullptr) {
    RunTable(context, state.function, state.params, state.look_up, context.scratch);
    return Ok();
  }
  ParallelRange(context, y->Elements(), state.function != nullptr ? 2 : 1,
                [&](size_t begin, size_t end, size_t) {
                  if (state.function == nullptr) {
                    return Portable(state.params, x, *y, begin, end - begin);
                  }
                  state.function(&state.params, x.Data<float>() + begin, y->Data<float>() + begin,
                                 end - begin);
                });
  return Ok();
}

}  // namespace

extern const OpDef kUnaryOp = {"Unary", 1, 1, 1, 1, Infer, PlanStep, Run};

}  // namespace pare
