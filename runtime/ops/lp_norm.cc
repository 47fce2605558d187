#include <cmath>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/axis.h"
#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const auto& attributes = node.Attributes<fb::LpNorm>();
  const Tensor& x = *node.In(0);
  AxisView view;
  if (x.dtype != DType::kF32) return ShapeError("LpNorm needs f32; cast the input");
  if (attributes.p() != 1 && attributes.p() != 2) return ShapeError("p of LpNorm must be 1 or 2");
  if (!ViewAxis(x.shape, attributes.axis(), &view)) {
    return ShapeError("the axis is outside the tensor's rank");
  }
  return InferSameAsInput(node);
}

// Divides n elements, `stride` apart, by their norm; a norm of zero leaves zeros. y may be x.
void Normalize(const float* x, float* y, int64_t n, int64_t stride, bool square) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double v = x[i * stride];
    sum += square ? v * v : std::fabs(v);
  }
  if (square) sum = std::sqrt(sum);
  for (int64_t i = 0; i < n; ++i) {
    y[i * stride] = sum != 0 ? static_cast<float>(x[i * stride] / sum) : 0.0f;
  }
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr || y->Elements() == 0) return Ok();
  const auto& attributes = context.Attributes<fb::LpNorm>();
  AxisView view;
  (void)ViewAxis(y->shape, attributes.axis(), &view);
  const float* x = context.In(0)->Data<float>();
  ParallelRange(context, view.outer * view.inner, view.n, [&](size_t begin, size_t end, size_t) {
    for (auto i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
      const int64_t first = i / view.inner * view.n * view.inner + i % view.inner;
      Normalize(x + first, y->Data<float>() + first, view.n, view.inner, attributes.p() == 2);
    }
  });
  return Ok();
}

}  // namespace

extern const OpDef kLpNormOp = {"LpNorm", 1, 1, 1, 1, Infer, PlanInPlace, Run};

}  // namespace pare
