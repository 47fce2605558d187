// The walk of GatherElements and ScatterElements: over the elements of `indices`, knowing where in
// `data` each of them points along one axis.
#pragma once

#include "runtime/ops/op.h"

namespace pare {

class IndexWalk {
 public:
  // Over the positions of `indices`, in row-major order; neither shape is empty.
  IndexWalk(const Shape& indices, const Shape& data, int axis);

  // Element of `data` at the current position with its coordinate on the axis 0.
  int64_t offset() const { return offset_; }
  // Elements of `data` between neighbours on the axis.
  int64_t axis_stride() const { return axis_stride_; }
  void Next();

 private:
  Shape shape_;
  int64_t strides_[kMaxRank];
  int64_t at_[kMaxRank] = {};
  int64_t offset_ = 0, axis_stride_;
};

// Of infer: indices of the same rank as data and, besides the axis, not larger. Makes the axis
// positive.
Status CheckElementIndices(const Tensor& data, const Tensor& indices, int64_t* axis);

}  // namespace pare
