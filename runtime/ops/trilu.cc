// Trilu: the upper or lower triangle of the last two dimensions, zero elsewhere.
#include <cstring>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  if (x.layout != Layout::kPlain) return ShapeError("Trilu: cannot read a packed weight");
  if (x.shape.rank < 2) return ShapeError("Trilu: the input must have two dimensions");
  if (const Tensor* k = node.In(1)) {
    if (k->Elements() != 1) return ShapeError("Trilu: k must be one number");
  }
  return InferSameAsInput(node);
}

// `k` limited to where it no longer changes anything, so that sums with it cannot overflow.
int64_t Diagonal(const Tensor* k, int64_t rows, int64_t columns) {
  if (k == nullptr) return 0;
  const int64_t v = IntegerAt(*k, 0);
  return v < -rows ? -rows : v > columns ? columns : v;
}

Status Run(const RunContext& context) {
  const Tensor& x = *context.In(0);
  const Tensor* out = context.Out(0);
  if (out == nullptr || out->Elements() == 0) return Ok();
  const int rank = x.shape.rank;
  const int64_t rows = x.shape[rank - 2], columns = x.shape[rank - 1];
  const int64_t total = x.shape.Elements(0, rank - 1);
  const int64_t k = Diagonal(context.In(1), rows, columns);
  const bool upper = context.Attributes<fb::Trilu>().upper();
  const size_t element = SizeOf(x.dtype), row_bytes = static_cast<size_t>(columns) * element;
  if (out->data != x.data) CopyBytes(out->data, x.data, x.Bytes());
  auto* row = out->Data<std::byte>();
  for (int64_t i = 0; i < total; ++i, row += row_bytes) {
    // Columns before `edge` are below the diagonal; the lower triangle includes the diagonal.
    int64_t edge = i % rows + k + (upper ? 0 : 1);
    edge = edge < 0 ? 0 : edge > columns ? columns : edge;
    const size_t split = static_cast<size_t>(edge) * element;
    if (upper) {
      std::memset(row, 0, split);
    } else {
      std::memset(row + split, 0, row_bytes - split);
    }
  }
  return Ok();
}

}  // namespace

extern const OpDef kTriluOp = {"Trilu", 1, 2, 1, 1, Infer, PlanInPlace, Run};

}  // namespace pare
