// NonZero: the coordinates of all elements that are not 0, one column each.
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/sort_key.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  if (x.layout != Layout::kPlain) return ShapeError("NonZero: cannot read a packed weight");
  const Shape shape = {2, {x.shape.rank, x.Elements()}};
  return SetDynamicOutput(node, 0, DType::kI64, shape);
}

bool IsZero(const Tensor& x, int64_t i) {
  // The key of every zero is that of +0; u64 keys are shifted.
  return SortKey(x, i) == (x.dtype == DType::kU64 ? INT64_MIN : 0);
}

Status Run(const RunContext& context) {
  const Tensor& x = *context.In(0);
  Tensor* out = context.Out(0);
  if (out == nullptr) return Ok();
  const int64_t total = x.Elements();
  int64_t count = 0;
  for (int64_t i = 0; i < total; ++i) count += IsZero(x, i) ? 0 : 1;
  out->shape[1] = count;
  int64_t column = 0;
  for (int64_t i = 0; i < total; ++i) {
    if (IsZero(x, i)) continue;
    int64_t rest = i;
    for (int d = x.shape.rank - 1; d >= 0; --d) {
      out->Data<int64_t>()[d * count + column] = rest % x.shape[d];
      rest /= x.shape[d];
    }
    ++column;
  }
  return Ok();
}

}  // namespace

extern const OpDef kNonZeroOp = {"NonZero", 1, 1, 1, 1, Infer, nullptr, Run};

}  // namespace pare
