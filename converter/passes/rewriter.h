// Rewriter: edits a graph while it keeps track of who makes and who reads each value. Nodes may be
// added in any order: the graph is sorted again when the rewriter is destroyed.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "converter/ir/graph.h"

namespace pare::converter {

class Rewriter {
 public:
  // Takes the nodes out of `graph`, which must outlive the rewriter and not be used for nodes until
  // then. Pointers to nodes stay valid.
  explicit Rewriter(Graph& graph);
  ~Rewriter();  // puts living nodes back, sorted
  Rewriter(const Rewriter&) = delete;
  Rewriter& operator=(const Rewriter&) = delete;

  Graph& graph() { return graph_; }
  // Every living node as of now: nodes added meanwhile are not in it, erased ones have type NONE.
  std::vector<Node*> Nodes();

  // The node that makes v, or null: input, state, weight, absent.
  Node* Producer(ValueId v) const;
  // The node that makes v if it is of that type, or null.
  template <class OpT>
  Node* Producer(ValueId v) const {
    Node* n = Producer(v);
    return n != nullptr && n->op.type == fb::OpUnionTraits<OpT>::enum_value ? n : nullptr;
  }
  // The nodes that read v, one entry for each time they do.
  const std::vector<Node*>& Users(ValueId v) const { return users_[static_cast<size_t>(v)]; }
  // Graph outputs and next values of states.
  bool IsOutput(ValueId v) const { return is_output_[static_cast<size_t>(v)] != 0; }
  // Read exactly once, by a node.
  bool OnlyUse(ValueId v) const { return Users(v).size() == 1 && !IsOutput(v); }
  bool Unused(ValueId v) const { return Users(v).empty() && !IsOutput(v); }

  ValueId NewValue(const std::string& name, DType dtype);
  ValueId NewValue(const std::string& name, DType dtype, const Shape& shape);
  ValueId NewWeight(Weight weight);
  template <class OpT>
  Node* Add(std::string name, OpT op, std::vector<ValueId> inputs, std::vector<ValueId> outputs) {
    Node node;
    node.name = std::move(name);
    node.op.Set(std::move(op));
    node.inputs = std::move(inputs);
    node.outputs = std::move(outputs);
    return AddNode(std::move(node));
  }
  Node* AddNode(Node node);
  // Erases the node; its outputs then have no producer.
  void Erase(Node* node);
  // Erases the node if nobody reads its outputs, and then its producers likewise.
  void EraseIfUnused(Node* node);
  void SetInput(Node* node, size_t i, ValueId v);
  void SetInputs(Node* node, const std::vector<ValueId>& inputs);
  // Lets another value be output i of the node.
  void SetOutput(Node* node, size_t i, ValueId v);

  // Everything that reads `from` reads `to` instead. A graph output keeps its name: where `from` is
  // one, the node that makes `to` makes `from` instead, so `from` must have no living producer.
  // False, and nothing changed, where that cannot be (`to` is an input, a weight or an output).
  // The caller erases the producer of `from` first if CanReplace says that it will work.
  bool CanReplace(ValueId from, ValueId to) const;
  void Replace(ValueId from, ValueId to);
  // Erases `node`, whose output 0 is the same as value `to`. False where that cannot be.
  bool Bypass(Node* node, ValueId to);

 private:
  void Grow();
  void Unlink(Node* node, ValueId v);

  Graph& graph_;
  std::deque<Node> nodes_;
  std::vector<Node*> producer_;
  std::vector<std::vector<Node*>> users_;
  std::vector<char> is_output_;
};

// Sorts the nodes so that each comes after what it reads, otherwise keeping their order.
void SortNodes(Graph& graph);
// Removes values and weights that nothing names and renumbers the rest.
void CompactValues(Graph& graph);

}  // namespace pare::converter
