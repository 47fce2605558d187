#include "runtime/ops/support/row_norm.h"

#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

// scale and bias: the normalized dimensions, with ones before them.
Status CheckParameter(const Tensor* t, const Shape& x, int axis) {
  if (t == nullptr) return Ok();
  if (t->dtype != DType::kF32) return ShapeError("scale and bias must be f32; cast them");
  if (t->Elements() != x.Elements(axis, x.rank)) {
    return ShapeError("scale and bias must have the size of the normalized dimensions");
  }
  return Ok();
}

}  // namespace

Status InferRowNorm(const NodeView& node, int64_t axis) {
  const Tensor& x = *node.In(0);
  if (x.dtype != DType::kF32) return ShapeError("a normalization needs f32; cast the input");
  if (!NormalizeAxis(x.shape.rank, &axis)) return ShapeError("the axis is outside the rank");
  PARE_TRY(CheckParameter(node.In(1), x.shape, static_cast<int>(axis)));
  PARE_TRY(CheckParameter(node.In(2), x.shape, static_cast<int>(axis)));
  SetOutput(node, 0, x.dtype, x.shape);
  Shape statistics = x.shape;
  for (int i = static_cast<int>(axis); i < statistics.rank; ++i) statistics[i] = 1;
  SetOutput(node, 1, DType::kF32, statistics);
  SetOutput(node, 2, DType::kF32, statistics);
  return Ok();
}

Status PlanRowNorm(PlanContext& context) {
  context.NewState<RowNormState>()->kernels = &SelectNorm(context.cpu);
  context.kernel = "norm_f32";
  context.in_place = 0;
  return Ok();
}

Status RunRowNorm(const RunContext& context, int64_t axis, float epsilon,
                  void (*kernel)(const NormArgs&)) {
  const Tensor& x = *context.In(0);
  (void)NormalizeAxis(x.shape.rank, &axis);
  const int64_t rows = x.shape.Elements(0, static_cast<int>(axis));
  const auto n = static_cast<size_t>(x.shape.Elements(static_cast<int>(axis), x.shape.rank));
  const auto data = [&](const Tensor* t) { return t != nullptr ? t->Data<float>() : nullptr; };
  float *y = data(context.Out(0)), *mean = data(context.Out(1)), *inverse = data(context.Out(2));
  if (y == nullptr) return Error(Code::kUnsupported, "a normalization without its first output");
  ParallelRange(context, rows, static_cast<int64_t>(n) * 2, [&](size_t begin, size_t end, size_t) {
    NormArgs args = {};
    args.x = x.Data<float>() + begin * n;
    args.y = y + begin * n;
    args.scale = data(context.In(1));
    args.bias = data(context.In(2));
    args.mean = mean != nullptr ? mean + begin : nullptr;
    args.inverse = inverse != nullptr ? inverse + begin : nullptr;
    args.rows = end - begin;
    args.n = n;
    args.epsilon = epsilon;
    kernel(args);
  });
  return Ok();
}

}  // namespace pare
