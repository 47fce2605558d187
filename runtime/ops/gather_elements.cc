// GatherElements: y[i][j] = data[index[i][j]][j] for axis 0, and so on.
#include <cstring>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/index_walk.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor &data = *node.In(0), &indices = *node.In(1);
  int64_t axis = node.Attributes<fb::GatherElements>().axis();
  PARE_TRY(CheckElementIndices(data, indices, &axis));
  return SetCheckedOutput(node, 0, data.dtype, indices.shape);
}

Status Run(const RunContext& context) {
  const Tensor &data = *context.In(0), &index = *context.In(1);
  const Tensor* out = context.Out(0);
  if (out == nullptr || index.Elements() == 0) return Ok();
  int64_t axis = context.Attributes<fb::GatherElements>().axis();
  NormalizeAxis(data.shape.rank, &axis);
  const int at = static_cast<int>(axis);
  const Indices indices(index);
  PARE_TRY(indices.Check(index.Elements(), data.shape[at]));
  const size_t element = SizeOf(data.dtype);
  const auto* from = data.Data<const std::byte>();
  auto* to = out->Data<std::byte>();
  IndexWalk walk(index.shape, data.shape, at);
  for (int64_t i = 0, n = index.Elements(); i < n; ++i, walk.Next()) {
    const int64_t source = walk.offset() + indices.Wrapped(i, data.shape[at]) * walk.axis_stride();
    std::memcpy(to + static_cast<size_t>(i) * element, from + static_cast<size_t>(source) * element,
                element);
  }
  return Ok();
}

}  // namespace

extern const OpDef kGatherElementsOp = {"GatherElements", 2, 2, 1, 1, Infer, nullptr, Run};

}  // namespace pare
