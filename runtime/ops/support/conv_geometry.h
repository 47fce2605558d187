// The window of a convolution, checked and brought to three spatial dimensions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/core/status.h"
#include "runtime/core/tensor.h"
#include "runtime/ops/op.h"

namespace pare {

inline constexpr int kSpatial = 3;

// Depth, height, width; leading dimensions that the operator lacks have size 1 and do nothing.
struct ConvGeometry {
  int64_t batch = 1, group = 1;
  int64_t channels = 0;  // of x
  int64_t filters = 0;   // channels of y
  int64_t in[kSpatial] = {1, 1, 1}, out[kSpatial] = {1, 1, 1}, kernel[kSpatial] = {1, 1, 1};
  int64_t stride[kSpatial] = {1, 1, 1}, dilation[kSpatial] = {1, 1, 1};
  int64_t pad[kSpatial] = {0, 0, 0};  // before the first element
  int rank = 0;                       // spatial dimensions of the operator

  size_t InPixels() const { return static_cast<size_t>(in[0] * in[1] * in[2]); }
  size_t OutPixels() const { return static_cast<size_t>(out[0] * out[1] * out[2]); }
  size_t Taps() const { return static_cast<size_t>(kernel[0] * kernel[1] * kernel[2]); }
  // Channels of x that a filter sees.
  size_t Depth() const { return static_cast<size_t>(channels / group); }
  // Each output pixel reads the input pixel of the same place and no other.
  bool IsPointwise() const;
};

Result<ConvGeometry> GeometryOfConv(const NodeView& node);
Result<ConvGeometry> GeometryOfConvTranspose(const NodeView& node);
// [N, out..., filters].
Shape OutputShapeOf(const ConvGeometry& g);
// kShape where bias or addend (null: absent) do not fit.
Status CheckConvOperands(const NodeView& node, const ConvGeometry& g);

}  // namespace pare
