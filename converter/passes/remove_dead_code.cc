// Drops nodes whose outputs nobody reads, optional outputs that nobody reads of those that stay,
// bodies that no node names, and values and weights that are left over.
#include <algorithm>

#include "converter/passes/control_flow.h"
#include "converter/passes/passes.h"
#include "converter/passes/rewriter.h"

namespace pare::converter {
namespace {

// Whether output i of the operator may be absent. Elsewhere an output stays even if nobody reads
// it.
bool IsOptionalOutput(fb::Op type, size_t i) {
  switch (type) {
    case fb::Op::Pool:
    case fb::Op::LayerNorm:
    case fb::Op::Unique: return i > 0;
    case fb::Op::Lstm:
    case fb::Op::Gru:
    case fb::Op::Rnn: return true;
    default: return false;
  }
}

void RemoveUnusedNodes(Graph& graph) {
  std::vector<char> needed(graph.values.size(), 0);
  for (ValueId v : graph.outputs) needed[v] = 1;
  for (const Graph::State& s : graph.states) needed[s.next] = 1;
  std::vector<Node> kept;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const bool used = std::any_of(node->outputs.begin(), node->outputs.end(),
                                  [&](ValueId v) { return v != kAbsent && needed[v]; });
    if (!used && node->op.type != fb::Op::Custom) continue;
    for (size_t i = 0; i < node->outputs.size(); ++i) {
      ValueId& v = node->outputs[i];
      if (v != kAbsent && !needed[v] && IsOptionalOutput(node->op.type, i)) v = kAbsent;
    }
    while (!node->outputs.empty() && node->outputs.back() == kAbsent) node->outputs.pop_back();
    while (!node->inputs.empty() && node->inputs.back() == kAbsent) node->inputs.pop_back();
    for (ValueId v : node->inputs) {
      if (v != kAbsent) needed[v] = 1;
    }
    kept.push_back(std::move(*node));
  }
  std::reverse(kept.begin(), kept.end());
  graph.nodes = std::move(kept);
}

void RemoveUnusedBodies(Graph& graph) {
  std::vector<int32_t> index(graph.subgraphs.size(), -1);
  std::vector<Graph> kept;
  for (Node& node : graph.nodes) {
    for (int32_t* body : BodiesOf(node)) {
      if (index[*body] < 0) {
        index[*body] = static_cast<int32_t>(kept.size());
        kept.push_back(std::move(graph.subgraphs[*body]));
      }
      *body = index[*body];
    }
  }
  graph.subgraphs = std::move(kept);
}

}  // namespace

Status RemoveDeadCode(Graph& graph, const Options& options) {
  RemoveUnusedNodes(graph);
  RemoveUnusedBodies(graph);
  CompactValues(graph);
  for (Graph& body : graph.subgraphs) PARE_TRY(RemoveDeadCode(body, options));
  return Ok();
}

}  // namespace pare::converter
