// Reshape: the same elements under another shape.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/view.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  const auto& attributes = node.Attributes<fb::Reshape>();
  Shape shape;
  PARE_TRY(ReadIntegers(node, 1, attributes.shape(), shape.dims, kMaxRank, &shape.rank));
  int inferred = -1;
  for (int i = 0; i < shape.rank; ++i) {
    if (shape[i] == -1) {
      if (inferred >= 0) return ShapeError("Reshape: more than one dimension is -1");
      inferred = i;
      shape[i] = 1;
    } else if (shape[i] == 0 && !attributes.allow_zero()) {
      if (i >= x.shape.rank) return ShapeError("Reshape: 0 copies a dimension that is not there");
      shape[i] = x.shape[i];
    } else if (shape[i] < 0) {
      return ShapeError("Reshape: a dimension is below -1");
    }
  }
  PARE_TRY(CheckSize(shape, x.dtype));
  if (inferred >= 0) {
    const int64_t total = x.Elements(), rest = shape.Elements();
    if (rest == 0) return ShapeError("Reshape: -1 beside a dimension of 0 says nothing");
    if (!x.dynamic && total % rest != 0) {
      return ShapeError("Reshape: the elements do not divide into the given dimensions");
    }
    shape[inferred] = (total + rest - 1) / rest;
  }
  return SetView(node, shape);
}

}  // namespace

extern const OpDef kReshapeOp = {"Reshape", 1, 2, 1, 1, Infer, PlanView, RunView};

}  // namespace pare
