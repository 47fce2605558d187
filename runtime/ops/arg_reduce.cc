#include "model_generated.h"
#include "runtime/kernels/reduce/reduce.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arg_extreme.h"
#include "runtime/ops/support/axis.h"
#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

struct State {
  ArgExtremeFn function;
  ReduceFns extreme;  // of rows of floats, which are then searched for it
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
  State* state = context.NewState<State>();
  const Tensor& x = *context.In(0);
  const auto& attributes = context.Attributes<fb::ArgReduce>();
  state->function = SelectArgExtreme(x.dtype);
  context.kernel = "arg_reduce_portable";
  AxisView view;
  if (x.dtype == DType::kF32 && ViewAxis(x.shape, attributes.axis(), &view) && view.inner == 1) {
    const ReduceCore core = attributes.largest() ? ReduceCore::kMax : ReduceCore::kMin;
    state->extreme = SelectReduce(core, ReduceType::kF32, context.cpu);
    context.kernel = "arg_reduce_f32";
  }
  return Ok();
}

// Of a row: its extreme in vectors first, then where that is. NaN is found by the other search.
int64_t FindInRow(const State& state, const float* x, const ArgExtreme& options) {
  float extreme = x[0];
  state.extreme.row(x, static_cast<size_t>(options.n), nullptr, &extreme);
  if (extreme != extreme) return state.function(x, 0, options);
  int64_t i = options.last ? options.n - 1 : 0;
  while (x[i] != extreme) i += options.last ? -1 : 1;
  return i;
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr || y->Elements() == 0) return Ok();
  const auto& attributes = context.Attributes<fb::ArgReduce>();
  const Tensor& x = *context.In(0);
  AxisView view;
  (void)ViewAxis(x.shape, attributes.axis(), &view);
  const State& state = context.State<State>();
  const ArgExtreme options = {view.n, view.inner, attributes.largest(), attributes.select_last()};
  ParallelRange(context, view.outer * view.inner, view.n, [&](size_t begin, size_t end, size_t) {
    for (auto i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
      const int64_t first = i / view.inner * view.n * view.inner + i % view.inner;
      y->Data<int64_t>()[i] = state.extreme.row != nullptr
                                  ? FindInRow(state, x.Data<float>() + first, options)
                                  : state.function(x.data, first, options);
    }
  });
  return Ok();
}

}  // namespace

extern const OpDef kArgReduceOp = {"ArgReduce", 1, 1, 1, 1, Infer, PlanStep, Run};

}  // namespace pare
