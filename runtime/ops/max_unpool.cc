#include <cstring>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/pool_window.h"

namespace pare {
namespace {

// The shape of y: the unpooled sizes, or the third input, which is [N, C, spatial...] as the
// indices are.
Status OutputShape(const NodeView& node, const PoolShape& shape, bool running, Shape* out) {
  *out = PoolOutput(shape);
  if (node.In(2) == nullptr) return Ok();
  int64_t sizes[kMaxRank];
  int count;
  PARE_TRY(ReadArguments(node, 2, nullptr, running, sizes, kMaxRank, &count));
  if (count != out->rank) return ShapeError("output_shape of MaxUnpool must give every dimension");
  for (int i = 0; i < shape.rank; ++i) {
    const int64_t least = (*out)[i + 1];
    (*out)[i + 1] = sizes[i + 2];
    if (sizes[i + 2] < least) return ShapeError("output_shape of MaxUnpool is too small");
  }
  return Ok();
}

Status Infer(const NodeView& node) {
  const Tensor &x = *node.In(0), &indices = *node.In(1);
  if (indices.dtype != DType::kI64 || indices.shape != x.shape) {
    return ShapeError("the indices of MaxUnpool must be i64, one for each element");
  }
  PoolShape shape;
  Shape out;
  PARE_TRY(ReadUnpool(node, node.Attributes<fb::MaxUnpool>(), &shape));
  PARE_TRY(OutputShape(node, shape, false, &out));
  return SetCheckedOutput(node, 0, x.dtype, out);
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr) return Ok();
  const Tensor& x = *context.In(0);
  PoolShape s;
  PARE_TRY(ReadUnpool(context, context.Attributes<fb::MaxUnpool>(), &s));
  const size_t size = SizeOf(x.dtype);
  if (y->Elements() == 0) return Ok();
  std::memset(y->data, 0, y->Bytes());
  const int64_t* indices = context.In(1)->Data<int64_t>();
  const int64_t count = x.Elements();
  const int64_t total = PoolOutput(s).Elements();
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = indices[i];
    if (rest < 0 || rest >= total) {
      return Error(Code::kInvalidArgument, "an index of MaxUnpool is outside the output");
    }
    // The index counts through [N, C, spatial...]; y is [N, spatial..., C].
    int64_t to = 0, stride = s.channels;
    for (int d = s.rank; d-- > 0;) {
      const int64_t extent = s.dims[kPoolSpatial - s.rank + d].out;
      to += rest % extent * stride;
      rest /= extent;
      stride *= y->shape[d + 1];
    }
    to += rest % s.channels + rest / s.channels * stride;
    std::memcpy(y->Data<std::byte>() + static_cast<size_t>(to) * size,
                x.Data<std::byte>() + static_cast<size_t>(i) * size, size);
  }
  return Ok();
}

}  // namespace

extern const OpDef kMaxUnpoolOp = {"MaxUnpool", 2, 3, 1, 1, Infer, nullptr, Run};

}  // namespace pare
