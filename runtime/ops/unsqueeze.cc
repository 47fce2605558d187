// Unsqueeze: inserts dimensions of size 1.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/view.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Shape& x = node.In(0)->shape;
  int64_t axes[kMaxRank];
  int count = 0;
  PARE_TRY(ReadIntegers(node, 1, node.Attributes<fb::Unsqueeze>().axes(), axes, kMaxRank, &count));
  const int rank = x.rank + count;
  if (rank > kMaxRank) return ShapeError("Unsqueeze: the result has more than 8 dimensions");
  uint32_t mask = 0;
  PARE_TRY(AxesMask(axes, count, rank, &mask));
  Shape shape;
  for (int i = 0, next = 0; i < rank; ++i) shape.Push((mask >> i & 1) != 0 ? 1 : x[next++]);
  return SetView(node, shape);
}

}  // namespace

extern const OpDef kUnsqueezeOp = {"Unsqueeze", 1, 2, 1, 1, Infer, PlanView, RunView};

}  // namespace pare
