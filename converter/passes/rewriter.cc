#include "converter/passes/rewriter.h"

#include <algorithm>

namespace pare::converter {

Rewriter::Rewriter(Graph& graph) : graph_(graph) {
  for (Node& n : graph.nodes) nodes_.push_back(std::move(n));
  graph.nodes.clear();
  Grow();
  for (Node& n : nodes_) {
    for (ValueId v : n.inputs) {
      if (v != kAbsent) users_[v].push_back(&n);
    }
    for (ValueId v : n.outputs) {
      if (v != kAbsent) producer_[v] = &n;
    }
  }
  for (ValueId v : graph.outputs) is_output_[v] = 1;
  for (const Graph::State& s : graph.states) is_output_[s.next] = 1;
}

Rewriter::~Rewriter() {
  for (Node& n : nodes_) {
    if (n.op.type != fb::Op::NONE) graph_.nodes.push_back(std::move(n));
  }
  SortNodes(graph_);
}

void Rewriter::Grow() {
  producer_.resize(graph_.values.size(), nullptr);
  users_.resize(graph_.values.size());
  is_output_.resize(graph_.values.size(), 0);
}

std::vector<Node*> Rewriter::Nodes() {
  std::vector<Node*> alive;
  for (Node& n : nodes_) {
    if (n.op.type != fb::Op::NONE) alive.push_back(&n);
  }
  return alive;
}

Node* Rewriter::Producer(ValueId v) const { return v == kAbsent ? nullptr : producer_[v]; }

ValueId Rewriter::NewValue(const std::string& name, DType dtype) {
  const ValueId v = graph_.AddValue(name, dtype);
  Grow();
  return v;
}

ValueId Rewriter::NewValue(const std::string& name, DType dtype, const Shape& shape) {
  const ValueId v = NewValue(name, dtype);
  graph_.values[v].shape = shape;
  graph_.values[v].has_shape = true;
  return v;
}

ValueId Rewriter::NewWeight(Weight weight) {
  const ValueId v = graph_.AddWeight(std::move(weight));
  Grow();
  return v;
}

Node* Rewriter::AddNode(Node node) {
  nodes_.push_back(std::move(node));
  Node* n = &nodes_.back();
  for (ValueId v : n->inputs) {
    if (v != kAbsent) users_[v].push_back(n);
  }
  for (ValueId v : n->outputs) {
    if (v != kAbsent) producer_[v] = n;
  }
  return n;
}

void Rewriter::Unlink(Node* node, ValueId v) {
  if (v == kAbsent) return;
  auto& users = users_[v];
  users.erase(std::find(users.begin(), users.end(), node));
}

void Rewriter::Erase(Node* node) {
  for (ValueId v : node->inputs) Unlink(node, v);
  for (ValueId v : node->outputs) {
    if (v != kAbsent && producer_[v] == node) producer_[v] = nullptr;
  }
  node->inputs.clear();
  node->outputs.clear();
  node->op.Reset();
}

void Rewriter::EraseIfUnused(Node* node) {
  std::vector<Node*> work = {node};
  while (!work.empty()) {
    Node* n = work.back();
    work.pop_back();
    if (n == nullptr || n->op.type == fb::Op::NONE) continue;
    const bool unused = std::all_of(n->outputs.begin(), n->outputs.end(),
                                    [&](ValueId v) { return v == kAbsent || Unused(v); });
    if (!unused) continue;
    const std::vector<ValueId> inputs = n->inputs;
    Erase(n);
    for (ValueId v : inputs) work.push_back(Producer(v));
  }
}

void Rewriter::SetInput(Node* node, size_t i, ValueId v) {
  if (node->inputs.size() <= i) node->inputs.resize(i + 1, kAbsent);
  Unlink(node, node->inputs[i]);
  node->inputs[i] = v;
  if (v != kAbsent) users_[v].push_back(node);
}

void Rewriter::SetInputs(Node* node, const std::vector<ValueId>& inputs) {
  for (ValueId v : node->inputs) Unlink(node, v);
  node->inputs = inputs;
  for (ValueId v : inputs) {
    if (v != kAbsent) users_[v].push_back(node);
  }
}

void Rewriter::SetOutput(Node* node, size_t i, ValueId v) {
  const ValueId old = node->outputs[i];
  if (old != kAbsent && producer_[old] == node) producer_[old] = nullptr;
  node->outputs[i] = v;
  if (v != kAbsent) producer_[v] = node;
}

bool Rewriter::CanReplace(ValueId from, ValueId to) const {
  return !IsOutput(from) || (Producer(to) != nullptr && !IsOutput(to));
}

void Rewriter::Replace(ValueId from, ValueId to) {
  if (from == to) return;
  if (IsOutput(from)) {
    Node* maker = Producer(to);
    const auto i = std::find(maker->outputs.begin(), maker->outputs.end(), to);
    SetOutput(maker, static_cast<size_t>(i - maker->outputs.begin()), from);
    std::swap(from, to);
  }
  const std::vector<Node*> users = users_[from];
  for (Node* user : users) {
    for (size_t i = 0; i < user->inputs.size(); ++i) {
      if (user->inputs[i] == from) SetInput(user, i, to);
    }
  }
}

bool Rewriter::Bypass(Node* node, ValueId to) {
  const ValueId from = node->outputs[0];
  if (!CanReplace(from, to)) return false;
  Erase(node);
  Replace(from, to);
  return true;
}

void SortNodes(Graph& graph) {
  std::vector<int32_t> producer(graph.values.size(), -1);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (ValueId v : graph.nodes[i].outputs) {
      if (v != kAbsent) producer[v] = static_cast<int32_t>(i);
    }
  }
  std::vector<Node> sorted;
  sorted.reserve(graph.nodes.size());
  std::vector<char> seen(graph.nodes.size(), 0);
  std::vector<std::pair<size_t, size_t>> stack;  // node, next input to look at
  for (size_t root = 0; root < graph.nodes.size(); ++root) {
    if (seen[root]) continue;
    seen[root] = 1;
    stack.emplace_back(root, 0);
    while (!stack.empty()) {
      auto& [i, next] = stack.back();
      if (next == graph.nodes[i].inputs.size()) {
        sorted.push_back(std::move(graph.nodes[i]));
        stack.pop_back();
        continue;
      }
      const ValueId v = graph.nodes[i].inputs[next++];
      const int32_t p = v == kAbsent ? -1 : producer[v];
      if (p < 0 || seen[p]) continue;
      seen[p] = 1;
      stack.emplace_back(static_cast<size_t>(p), 0);
    }
  }
  graph.nodes = std::move(sorted);
}

void CompactValues(Graph& graph) {
  std::vector<char> used(graph.values.size(), 0);
  auto mark = [&](ValueId v) {
    if (v != kAbsent) used[v] = 1;
  };
  for (const Node& n : graph.nodes) {
    for (ValueId v : n.inputs) mark(v);
    for (ValueId v : n.outputs) mark(v);
  }
  for (ValueId v : graph.inputs) mark(v);
  for (ValueId v : graph.outputs) mark(v);
  for (const Graph::State& s : graph.states) {
    mark(s.value);
    mark(s.next);
  }
  std::vector<int32_t> weight_of(graph.weights.size(), -1);
  std::vector<Weight> weights;
  auto keep_weight = [&](int32_t* w) {
    if (*w < 0) return;
    if (weight_of[*w] < 0) {
      weight_of[*w] = static_cast<int32_t>(weights.size());
      weights.push_back(std::move(graph.weights[*w]));
    }
    *w = weight_of[*w];
  };
  std::vector<ValueId> id(graph.values.size(), kAbsent);
  std::vector<Value> values;
  for (size_t v = 0; v < graph.values.size(); ++v) {
    if (!used[v]) continue;
    id[v] = static_cast<ValueId>(values.size());
    keep_weight(&graph.values[v].weight);
    values.push_back(std::move(graph.values[v]));
  }
  auto renumber = [&](ValueId* v) {
    if (*v != kAbsent) *v = id[*v];
  };
  for (Node& n : graph.nodes) {
    for (ValueId& v : n.inputs) renumber(&v);
    for (ValueId& v : n.outputs) renumber(&v);
  }
  for (ValueId& v : graph.inputs) renumber(&v);
  for (ValueId& v : graph.outputs) renumber(&v);
  for (Graph::State& s : graph.states) {
    renumber(&s.value);
    renumber(&s.next);
    keep_weight(&s.initial_weight);
  }
  graph.values = std::move(values);
  graph.weights = std::move(weights);
}

}  // namespace pare::converter
