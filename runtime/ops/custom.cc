// Custom: the planner takes the host's own operator in its place; this row is what is left where
// there is none.
#include "runtime/ops/op.h"

namespace pare {
namespace {

Status NotRegistered() {
  return Error(Code::kNotFound,
               "no custom operator of that name is registered: give it in the session's options");
}

Status Infer(const NodeView&) { return NotRegistered(); }
Status Run(const RunContext&) { return NotRegistered(); }

}  // namespace

extern const OpDef kCustomOp = {"Custom", 0, kMany, 0, kMany, Infer, nullptr, Run};

}  // namespace pare
