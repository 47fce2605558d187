#include <type_traits>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/axis.h"
#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

// The axis comes as an attribute or as input 1.
Status ReadView(const NodeView& node, AxisView* view) {
  int64_t axis = node.Attributes<fb::CumSum>().axis();
  if (const Tensor* t = node.In(1)) {
    if (t->Elements() != 1 || IsFloat(t->dtype)) return ShapeError("the axis must be one integer");
    axis = t->data != nullptr ? IntegerAt(*t, 0) : 0;
  }
  if (!ViewAxis(node.In(0)->shape, axis, view)) return ShapeError("the axis is outside the rank");
  return Ok();
}

Status Infer(const NodeView& node) {
  const DType dtype = node.In(0)->dtype;
  if (dtype != DType::kF32 && dtype != DType::kI32 && dtype != DType::kI64) {
    return ShapeError("CumSum needs f32, i32 or i64; cast the input");
  }
  const Tensor* axis = node.In(1);
  AxisView view;
  if (axis == nullptr || axis->known) PARE_TRY(ReadView(node, &view));
  return InferSameAsInput(node);
}

// Integers wrap around.
template <class T>
struct Wrapping {
  using Type = std::make_unsigned_t<T>;
};
template <>
struct Wrapping<float> {
  using Type = float;
};

// Sums the n elements of a column. y may be x.
template <class T>
void SumColumn(const T* x, T* y, const AxisView& view, bool exclusive, bool reverse) {
  using U = typename Wrapping<T>::Type;
  U sum = 0;
  for (int64_t i = 0; i < view.n; ++i) {
    const int64_t at = (reverse ? view.n - 1 - i : i) * view.inner;
    const U next = sum + static_cast<U>(x[at]);
    y[at] = static_cast<T>(exclusive ? sum : next);
    sum = next;
  }
}

template <class T>
void SumAll(const RunContext& context, const AxisView& view) {
  const auto& attributes = context.Attributes<fb::CumSum>();
  const T* x = context.In(0)->Data<T>();
  T* y = context.Out(0)->Data<T>();
  ParallelRange(context, view.outer * view.inner, view.n, [&](size_t begin, size_t end, size_t) {
    for (auto i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
      const int64_t first = i / view.inner * view.n * view.inner + i % view.inner;
      SumColumn(x + first, y + first, view, attributes.exclusive(), attributes.reverse());
    }
  });
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr || y->Elements() == 0) return Ok();
  AxisView view;
  PARE_TRY(ReadView(context, &view));
  switch (y->dtype) {
    case DType::kF32: SumAll<float>(context, view); break;
    case DType::kI32: SumAll<int32_t>(context, view); break;
    default: SumAll<int64_t>(context, view);
  }
  return Ok();
}

}  // namespace

extern const OpDef kCumSumOp = {"CumSum", 1, 2, 1, 1, Infer, PlanInPlace, Run};

}  // namespace pare
