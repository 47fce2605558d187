// Flatten: a matrix of the dimensions before and from an axis.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/view.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Shape& x = node.In(0)->shape;
  int64_t axis = node.Attributes<fb::Flatten>().axis();
  if (axis < 0) axis += x.rank;
  if (axis < 0 || axis > x.rank) return ShapeError("Flatten: the axis is outside the rank");
  const int at = static_cast<int>(axis);
  Shape shape;
  shape.Push(x.Elements(0, at));
  shape.Push(x.Elements(at, x.rank));
  return SetView(node, shape);
}

}  // namespace

extern const OpDef kFlattenOp = {"Flatten", 1, 1, 1, 1, Infer, PlanView, RunView};

}  // namespace pare
