// An If whose condition is constant becomes the nodes of the branch that it takes. Exporters write
// such conditions about shapes ("is this dimension 1?"), which are known once shapes are inferred;
// a branch may decide the next condition.
#include <algorithm>
#include <utility>

#include "converter/passes/control_flow.h"
#include "converter/passes/passes.h"

namespace pare::converter {
namespace {

// Puts the body of one If in its place.
class Inliner {
 public:
  Inliner(Graph& graph, const Node& branch, const Graph& body)
      : graph_(graph), body_(body), id_(body.values.size(), kAbsent) {
    first_body_ = static_cast<int32_t>(graph.subgraphs.size());
    for (const Graph& inner : body.subgraphs) graph.subgraphs.push_back(inner);
    for (size_t i = 0; i < body.inputs.size(); ++i) id_[body.inputs[i]] = branch.inputs[i + 1];
    NameOutputs(branch);
    for (const Node& node : body.nodes) nodes_.push_back(Renumbered(node));
    // Results that the branch only hands on.
    for (size_t i = 0; i < body.outputs.size(); ++i) {
      const ValueId from = Outer(body.outputs[i]);
      if (branch.outputs[i] == kAbsent || from == branch.outputs[i]) continue;
      Node copy;
      copy.name = branch.name;
      copy.op.Set(fb::IdentityT());
      copy.inputs = {from};
      copy.outputs = {branch.outputs[i]};
      nodes_.push_back(std::move(copy));
    }
  }

  std::vector<Node> TakeNodes() { return std::move(nodes_); }

 private:
  // What a node of the body makes for an output is that output.
  void NameOutputs(const Node& branch) {
    for (const Node& node : body_.nodes) {
      for (const ValueId v : node.outputs) {
        const auto at = std::find(body_.outputs.begin(), body_.outputs.end(), v);
        if (v == kAbsent || at == body_.outputs.end()) continue;
        const ValueId outer = branch.outputs[static_cast<size_t>(at - body_.outputs.begin())];
        if (outer != kAbsent) id_[v] = outer;
      }
    }
  }
  ValueId Outer(ValueId v) {
    if (v == kAbsent || id_[v] != kAbsent) return v == kAbsent ? v : id_[v];
    const Value& value = body_.values[v];
    if (value.weight >= 0) return id_[v] = graph_.AddWeight(body_.weights[value.weight]);
    id_[v] = graph_.AddValue(value.name, value.dtype);
    return id_[v];
  }
  Node Renumbered(Node node) {
    for (int32_t* body : BodiesOf(node)) *body += first_body_;
    for (ValueId& v : node.inputs) v = Outer(v);
    for (ValueId& v : node.outputs) v = Outer(v);
    return node;
  }

  Graph& graph_;
  const Graph& body_;
  std::vector<ValueId> id_;  // of a value of the body in the graph around it
  int32_t first_body_;
  std::vector<Node> nodes_;
};

// The body that the node takes always, or -1.
int32_t TakenBranch(const Graph& graph, const Node& node) {
  const fb::IfT* branch = node.op.AsIf();
  const Weight* condition = branch == nullptr ? nullptr : graph.ConstantOf(node.inputs[0]);
  if (condition == nullptr || condition->bytes.size < 1) return -1;
  return condition->bytes.data[0] != std::byte{0} ? branch->then_graph : branch->else_graph;
}

bool InlineAll(Graph& graph) {
  std::vector<Node> nodes;
  bool changed = false;
  for (Node& node : graph.nodes) {
    const int32_t taken = TakenBranch(graph, node);
    if (taken < 0) {
      nodes.push_back(std::move(node));
      continue;
    }
    changed = true;
    const Graph body = graph.subgraphs[static_cast<size_t>(taken)];
    for (Node& inner : Inliner(graph, node, body).TakeNodes()) nodes.push_back(std::move(inner));
  }
  graph.nodes = std::move(nodes);
  return changed;
}

}  // namespace

Status InlineBranches(Graph& graph, const Options& options) {
  while (InlineAll(graph)) {
    PARE_TRY(RemoveDeadCode(graph, options));
    PARE_TRY(InferShapes(graph, options));
    PARE_TRY(FoldConstants(graph, options));
  }
  return Ok();
}

}  // namespace pare::converter
