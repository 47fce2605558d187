// The windows of pooling operators: attributes checked, sizes and clipped taps worked out.
#pragma once

#include "runtime/ops/op.h"

namespace pare {

namespace fb {
struct Pool;
struct MaxUnpool;
}  // namespace fb

inline constexpr int kPoolSpatial = 3;

// One spatial dimension.
struct PoolDim {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1;
  int64_t pad_begin = 0, pad_end = 0;
};

// The taps [begin, end) of output index `o` that lie inside the input, and how many lie inside the
// padded input.
struct PoolTaps {
  int64_t start;  // where tap 0 lies, maybe before the input
  int64_t begin, end;
  int64_t padded;
};
PoolTaps TapsOf(const PoolDim& dim, int64_t o);

// x [batch, dims..., channels]; an operator with fewer spatial dimensions has ones before its own.
struct PoolShape {
  int64_t batch = 1, channels = 1;
  int rank = 0;  // spatial dimensions of the operator
  PoolDim dims[kPoolSpatial];
};

Status ReadPool(const NodeView& node, const fb::Pool& attributes, PoolShape* shape);
// Of MaxUnpool: `in` is the pooled size, `out` what the pooling had read.
Status ReadUnpool(const NodeView& node, const fb::MaxUnpool& attributes, PoolShape* shape);
// [batch, out..., channels].
Shape PoolOutput(const PoolShape& shape);

}  // namespace pare
