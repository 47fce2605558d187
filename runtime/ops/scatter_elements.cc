// ScatterElements: y = data, then y[index[i][j]][j] is combined with updates[i][j] for axis 0.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/index_walk.h"
#include "runtime/ops/support/scatter.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor &data = *node.In(0), &indices = *node.In(1), &updates = *node.In(2);
  const auto& attributes = node.Attributes<fb::ScatterElements>();
  int64_t axis = attributes.axis();
  PARE_TRY(CheckElementIndices(data, indices, &axis));
  PARE_TRY(CheckScatter(data, updates, attributes.reduce()));
  if (updates.shape != indices.shape) {
    return ShapeError("ScatterElements: indices and updates differ in shape");
  }
  SetOutput(node, 0, data.dtype, data.shape);
  return Ok();
}

Status Run(const RunContext& context) {
  const Tensor &data = *context.In(0), &index = *context.In(1), &updates = *context.In(2);
  const Tensor* out = context.Out(0);
  if (out == nullptr) return Ok();
  const auto& attributes = context.Attributes<fb::ScatterElements>();
  StartScatter(data, *out);
  const int64_t count = index.Elements();
  if (count == 0) return Ok();
  int64_t axis = attributes.axis();
  NormalizeAxis(data.shape.rank, &axis);
  const int64_t size = data.shape[static_cast<int>(axis)];
  const Indices indices(index);
  PARE_TRY(indices.Check(count, size));
  const CombineFn combine = SelectCombine(attributes.reduce(), data.dtype);
  const int64_t element = static_cast<int64_t>(SizeOf(data.dtype));
  IndexWalk walk(index.shape, data.shape, static_cast<int>(axis));
  for (int64_t i = 0; i < count; ++i, walk.Next()) {
    const int64_t target = walk.offset() + indices.Wrapped(i, size) * walk.axis_stride();
    combine(updates.Data<const std::byte>() + i * element,
            out->Data<std::byte>() + target * element, 1);
  }
  return Ok();
}

}  // namespace

extern const OpDef kScatterElementsOp = {"ScatterElements", 3, 3, 1, 1, Infer, PlanScatter, Run};

}  // namespace pare
