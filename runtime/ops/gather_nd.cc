// GatherNd: slices of data, each addressed by a row of coordinates.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/nd_index.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor &data = *node.In(0), &indices = *node.In(1);
  const int64_t batch_dims = node.Attributes<fb::GatherNd>().batch_dims();
  PARE_TRY(CheckNdIndex(data, indices, batch_dims));
  const int last = indices.shape.rank - 1;
  Shape shape;
  bool fits = true;
  for (int i = 0; i < last; ++i) fits &= shape.Push(indices.shape[i]);
  for (int64_t i = batch_dims + indices.shape[last]; i < data.shape.rank; ++i) {
    fits &= shape.Push(data.shape[static_cast<int>(i)]);
  }
  if (!fits) return ShapeError("GatherNd: the result has more than 8 dimensions");
  return SetCheckedOutput(node, 0, data.dtype, shape);
}

Status Run(const RunContext& context) {
  const Tensor &data = *context.In(0), &indices = *context.In(1);
  const Tensor* out = context.Out(0);
  if (out == nullptr || out->Elements() == 0) return Ok();
  const int64_t batch_dims = context.Attributes<fb::GatherNd>().batch_dims();
  const NdIndex index = MakeNdIndex(data, indices, batch_dims);
  const size_t element = SizeOf(data.dtype);
  const size_t bytes = static_cast<size_t>(index.slice) * element;
  auto* to = out->Data<std::byte>();
  for (int64_t row = 0; row < index.rows; ++row, to += bytes) {
    int64_t source;
    PARE_TRY(ResolveRow(data, indices, index, batch_dims, row, &source));
    CopyBytes(to, data.Data<const std::byte>() + static_cast<size_t>(source) * element, bytes);
  }
  return Ok();
}

}  // namespace

extern const OpDef kGatherNdOp = {"GatherNd", 2, 2, 1, 1, Infer, nullptr, Run};

}  // namespace pare
