#include "runtime/kernels/elementwise/cast.h"

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

struct State {
  CastFn function;
};

Status Infer(const NodeView& node) {
  const auto to = static_cast<uint8_t>(node.Attributes<fb::Cast>().to());
  if (to >= kDTypeCount) return Error(Code::kUnsupported, "Cast to an unknown type");
  return SetCheckedOutput(node, 0, static_cast<DType>(to), node.In(0)->shape);
}

Status PlanStep(PlanContext& context) {
  const Tensor& x = *context.In(0);
  const auto to = static_cast<DType>(context.Attributes<fb::Cast>().to());
  context.NewState<State>()->function = SelectCast(x.dtype, to);
  context.view = x.dtype == to;
  context.kernel = context.view ? "view" : "cast_portable";
  return Ok();
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr) return Ok();
  const Tensor& x = *context.In(0);
  const CastFn function = context.State<State>().function;
  ParallelRange(context, y->Elements(), 2, [&](size_t begin, size_t end, size_t) {
    function(x.dtype, y->dtype, x.Data<std::byte>() + begin * SizeOf(x.dtype),
             y->Data<std::byte>() + begin * SizeOf(y->dtype), end - begin);
  });
  return Ok();
}

}  // namespace

extern const OpDef kCastOp = {"Cast", 1, 1, 1, 1, Infer, PlanStep, Run};

}  // namespace pare
