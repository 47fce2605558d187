// Identity: the input under another name.
#include "runtime/ops/op.h"
#include "runtime/ops/support/view.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) { return SetView(node, node.In(0)->shape); }

}  // namespace

extern const OpDef kIdentityOp = {"Identity", 1, 1, 1, 1, Infer, PlanView, RunView};

}  // namespace pare
