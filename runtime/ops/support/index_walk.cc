#include "runtime/ops/support/index_walk.h"

#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {

IndexWalk::IndexWalk(const Shape& indices, const Shape& data, int axis) : shape_(indices) {
  RowMajorStrides(data, 1, strides_);
  axis_stride_ = strides_[axis];
  strides_[axis] = 0;
}

void IndexWalk::Next() {
  for (int d = shape_.rank - 1; d >= 0; --d) {
    offset_ += strides_[d];
    if (++at_[d] < shape_[d]) return;
    offset_ -= strides_[d] * shape_[d];
    at_[d] = 0;
  }
}

Status CheckElementIndices(const Tensor& data, const Tensor& indices, int64_t* axis) {
  PARE_TRY(CheckIndexType(indices));
  if (data.layout != Layout::kPlain)
    return ShapeError("cannot read single elements of a packed weight");
  if (data.shape.rank != indices.shape.rank || !NormalizeAxis(data.shape.rank, axis)) {
    return ShapeError("the indices differ in rank from the data, or the axis is outside of it");
  }
  for (int i = 0; i < data.shape.rank; ++i) {
    if (i != *axis && indices.shape[i] > data.shape[i]) {
      return ShapeError("the indices are larger than the data besides the axis");
    }
  }
  return Ok();
}

}  // namespace pare
