#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arg_extreme.h"
#include "runtime/ops/support/axis.h"
#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

struct State {
  ArgExtremeFn function;
};

Status Infer(const NodeView& node) {
  const auto& attributes = node.Attributes<fb::ArgReduce>();
  const Tensor& x = *node.In(0);
  int64_t axis = attributes.axis();
  if (SelectArgExtreme(x.dtype) == nullptr) {
    return ShapeError("ArgReduce needs f32, i32 or i64; cast the input");
  }
  if (!NormalizeAxis(x.shape.rank, &axis)) return ShapeError("the axis is outside the rank");
  Shape shape;
  for (int i = 0; i < x.shape.rank; ++i) {
    if (i == axis && x.shape[i] == 0) return ShapeError("ArgReduce over no elements");
    if (i != axis || attributes.keep_dims()) shape[shape.rank++] = i == axis ? 1 : x.shape[i];
  }
  SetOutput(node, 0, DType::kI64, shape);
  return Ok();
}

Status PlanStep(PlanContext& context) {
  context.NewState<State>()->function = SelectArgExtreme(context.In(0)->dtype);
  context.kernel = "arg_reduce_portable";
  return Ok();
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr || y->Elements() == 0) return Ok();
  const auto& attributes = context.Attributes<fb::ArgReduce>();
  const Tensor& x = *context.In(0);
  AxisView view;
  (void)ViewAxis(x.shape, attributes.axis(), &view);
  const ArgExtremeFn function = context.State<State>().function;
  const ArgExtreme options = {view.n, view.inner, attributes.largest(), attributes.select_last()};
  ParallelRange(context, view.outer * view.inner, view.n, [&](size_t begin, size_t end, size_t) {
    for (auto i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
      const int64_t first = i / view.inner * view.n * view.inner + i % view.inner;
      y->Data<int64_t>()[i] = function(x.data, first, options);
    }
  });
  return Ok();
}

}  // namespace

extern const OpDef kArgReduceOp = {"ArgReduce", 1, 1, 1, 1, Infer, PlanStep, Run};

}  // namespace pare
