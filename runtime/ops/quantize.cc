// y = x in the scale and zero point of y: f32 is rounded, quantized values change their scale.
#include "runtime/kernels/quantize/quantize.h"

#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/parallel.h"
#include "runtime/ops/support/quantized.h"
#include "runtime/ops/support/table_u8.h"

namespace pare {
namespace {

struct State {
  const QuantizeTable* kernels;
  LookUpFn look_up;
};

Status Infer(const NodeView& node) {
  const Tensor &x = *node.In(0), *y = node.Out(0);
  if (x.dtype != DType::kF32 && !(x.dtype == DType::kU8 && x.IsQuantized()))
    return Error(Code::kUnsupported, "Quantize takes f32 or quantized u8");
  if (y == nullptr || !HasCodes(*y))
    return Error(Code::kCorrupt, "the result of Quantize has no scale, or a zero point beyond u8");
  return SetCheckedOutput(node, 0, DType::kU8, x.shape);
}

Status PlanQuantize(PlanContext& context) {
  *context.NewState<State>() = {&SelectQuantize(context.cpu), SelectLookUp(context.cpu)};
  if (context.In(0)->dtype != DType::kF32) {
    context.scratch_bytes = kTableBytes;
    context.in_place = 0;
  }
  context.kernel = context.In(0)->dtype == DType::kF32 ? "quantize_u8" : "table";
  return Ok();
}

Status Run(const RunContext& context) {
  const Tensor &x = *context.In(0), &y = *context.Out(0);
  const auto& state = context.State<State>();
  const float inverse = 1 / y.scale;
  if (x.dtype == DType::kF32) {
    ParallelRange(context, x.Elements(), 1, [&](size_t begin, size_t end, size_t) {
      state.kernels->to_u8(x.Data<float>() + begin, y.Data<uint8_t>() + begin, end - begin, inverse,
                           y.zero_point);
    });
    return Ok();
  }
  RunTable(context, nullptr, {}, state.look_up, context.scratch);
  return Ok();
}

}  // namespace

extern const OpDef kQuantizeOp = {"Quantize", 1, 1, 1, 1, Infer, PlanQuantize, Run};

}  // namespace pare
