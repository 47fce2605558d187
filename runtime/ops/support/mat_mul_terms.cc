#include "runtime/ops/support/mat_mul_terms.h"

namespace pare {

Status CheckMatMulTerms(const NodeView& node, DType bias_type, DType type, size_t columns,
                        const Shape& y) {
  if (const Tensor* bias = node.In(2)) {
    if (bias->dtype != bias_type || bias->Elements() != static_cast<int64_t>(columns) ||
        bias->shape.rank == 0 || bias->shape[bias->shape.rank - 1] != bias->Elements())
      return ShapeError("the bias of a matrix product is one value a column");
  }
  if (const Tensor* addend = node.In(3)) {
    if (addend->dtype != type || addend->shape != y)
      return ShapeError("the addend of a matrix product has the shape and type of the result");
  }
  return Ok();
}

}  // namespace pare
