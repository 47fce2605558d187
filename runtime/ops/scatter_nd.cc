// ScatterNd: y = data, then each slice that a row of indices addresses is combined with its update.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/nd_index.h"
#include "runtime/ops/support/scatter.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor &data = *node.In(0), &indices = *node.In(1), &updates = *node.In(2);
  PARE_TRY(CheckNdIndex(data, indices, 0));
  PARE_TRY(CheckScatter(data, updates, node.Attributes<fb::ScatterNd>().reduce()));
  const int last = indices.shape.rank - 1;
  Shape expected;
  bool fits = true;
  for (int i = 0; i < last; ++i) fits &= expected.Push(indices.shape[i]);
  for (int64_t i = indices.shape[last]; i < data.shape.rank; ++i) {
    fits &= expected.Push(data.shape[static_cast<int>(i)]);
  }
  if (!fits || updates.shape != expected) {
    return ShapeError("ScatterNd: the updates do not fit the indices and the data");
  }
  SetOutput(node, 0, data.dtype, data.shape);
  return Ok();
}

Status Run(const RunContext& context) {
  const Tensor &data = *context.In(0), &indices = *context.In(1), &updates = *context.In(2);
  const Tensor* out = context.Out(0);
  if (out == nullptr) return Ok();
  StartScatter(data, *out);
  if (updates.Elements() == 0) return Ok();
  const NdIndex index = MakeNdIndex(data, indices, 0);
  const CombineFn combine = SelectCombine(context.Attributes<fb::ScatterNd>().reduce(), data.dtype);
  const int64_t element = static_cast<int64_t>(SizeOf(data.dtype));
  const auto* from = updates.Data<const std::byte>();
  for (int64_t row = 0; row < index.rows; ++row, from += index.slice * element) {
    int64_t target;
    PARE_TRY(ResolveRow(data, indices, index, 0, row, &target));
    combine(from, out->Data<std::byte>() + target * element, index.slice);
  }
  return Ok();
}

}  // namespace

extern const OpDef kScatterNdOp = {"ScatterNd", 3, 3, 1, 1, Infer, PlanScatter, Run};

}  // namespace pare
