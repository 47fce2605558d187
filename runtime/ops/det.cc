// Det: determinants of square matrices, by elimination in double precision.
#include <cmath>

#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  const int rank = x.shape.rank;
  if (x.dtype != DType::kF32 || rank < 2 || x.shape[rank - 1] != x.shape[rank - 2]) {
    return ShapeError("Det: needs square f32 matrices");
  }
  Shape shape = x.shape;
  shape.rank -= 2;
  return SetCheckedOutput(node, 0, DType::kF32, shape);
}

Status PlanDet(PlanContext& context) {
  const auto n = static_cast<uint64_t>(context.In(0)->shape[context.In(0)->shape.rank - 1]);
  if (context.In(0)->Elements() == 0) return Ok();
  context.scratch_bytes = n * n * sizeof(double);
  return Ok();
}

// Destroys m [n, n].
double Determinant(double* m, int64_t n) {
  double product = 1;
  for (int64_t c = 0; c < n; ++c) {
    int64_t pivot = c;
    for (int64_t r = c + 1; r < n; ++r) {
      if (std::fabs(m[r * n + c]) > std::fabs(m[pivot * n + c])) pivot = r;
    }
    if (m[pivot * n + c] == 0) return 0;
    if (pivot != c) {
      product = -product;
      for (int64_t k = c; k < n; ++k) {
        const double t = m[c * n + k];
        m[c * n + k] = m[pivot * n + k];
        m[pivot * n + k] = t;
      }
    }
    product *= m[c * n + c];
    for (int64_t r = c + 1; r < n; ++r) {
      const double factor = m[r * n + c] / m[c * n + c];
      for (int64_t k = c; k < n; ++k) m[r * n + k] -= factor * m[c * n + k];
    }
  }
  return product;
}

Status Run(const RunContext& context) {
  const Tensor& x = *context.In(0);
  const Tensor* out = context.Out(0);
  if (out == nullptr) return Ok();
  const int64_t n = x.shape[x.shape.rank - 1], count = out->Elements();
  auto* m = reinterpret_cast<double*>(context.scratch);
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t k = 0; k < n * n; ++k) {
      m[k] = static_cast<double>(x.Data<float>()[i * n * n + k]);
    }
    out->Data<float>()[i] = static_cast<float>(Determinant(m, n));
  }
  return Ok();
}

}  // namespace

extern const OpDef kDetOp = {"Det", 1, 1, 1, 1, Infer, PlanDet, Run};

}  // namespace pare
