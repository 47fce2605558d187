// Squeeze: removes dimensions of size 1.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/view.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Shape& x = node.In(0)->shape;
  const auto* list = node.Attributes<fb::Squeeze>().axes();
  const bool all = node.In(1) == nullptr && (list == nullptr || list->size() == 0);
  int64_t axes[kMaxRank];
  int count = 0;
  PARE_TRY(ReadIntegers(node, 1, list, axes, kMaxRank, &count));
  uint32_t mask = 0;
  PARE_TRY(AxesMask(axes, count, x.rank, &mask));
  Shape shape;
  for (int i = 0; i < x.rank; ++i) {
    const bool drop = all ? x[i] == 1 : (mask >> i & 1) != 0;
    if (drop && x[i] != 1) return ShapeError("Squeeze: a dimension to remove is not 1");
    if (!drop) shape.Push(x[i]);
  }
  return SetView(node, shape);
}

}  // namespace

extern const OpDef kSqueezeOp = {"Squeeze", 1, 2, 1, 1, Infer, PlanView, RunView};

}  // namespace pare
