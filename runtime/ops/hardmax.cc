#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arg_extreme.h"
#include "runtime/ops/support/axis.h"
#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  AxisView view;
  if (x.dtype != DType::kF32) return ShapeError("Hardmax needs f32; cast the input");
  if (!ViewAxis(x.shape, node.Attributes<fb::Hardmax>().axis(), &view)) {
    return ShapeError("the axis is outside the tensor's rank");
  }
  return InferSameAsInput(node);
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr || y->Elements() == 0) return Ok();
  const Tensor& x = *context.In(0);
  AxisView view;
  (void)ViewAxis(x.shape, context.Attributes<fb::Hardmax>().axis(), &view);
  const ArgExtremeFn find = SelectArgExtreme(x.dtype);
  const ArgExtreme options = {view.n, view.inner, true, false};
  ParallelRange(context, view.outer * view.inner, view.n, [&](size_t begin, size_t end, size_t) {
    for (auto i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
      const int64_t first = i / view.inner * view.n * view.inner + i % view.inner;
      const int64_t best = find(x.data, first, options);
      float* to = y->Data<float>() + first;
      for (int64_t j = 0; j < view.n; ++j) to[j * view.inner] = j == best ? 1.0f : 0.0f;
    }
  });
  return Ok();
}

}  // namespace

extern const OpDef kHardmaxOp = {"Hardmax", 1, 1, 1, 1, Infer, PlanInPlace, Run};

}  // namespace pare
