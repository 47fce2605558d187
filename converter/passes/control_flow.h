// Control flow as passes see it: which attributes of a node name bodies.
#pragma once

#include <vector>

#include "converter/ir/graph.h"

namespace pare::converter {

// Pointers to the attributes of the node that are indices of bodies; empty for plain operators.
inline std::vector<int32_t*> BodiesOf(Node& node) {
  if (fb::IfT* branch = node.op.AsIf()) return {&branch->then_graph, &branch->else_graph};
  if (fb::LoopT* loop = node.op.AsLoop()) return {&loop->body};
  if (fb::ScanT* scan = node.op.AsScan()) return {&scan->body};
  return {};
}

}  // namespace pare::converter
