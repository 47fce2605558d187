// Computes what depends on constants only, by running it. A result that is much larger than what it
// is made of (an expanded constant) stays a computation, unless it is the weight of an operator.
#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "converter/ir/engine.h"
#include "converter/passes/control_flow.h"
#include "converter/passes/passes.h"
#include "converter/passes/rewriter.h"

namespace pare::converter {
namespace {

constexpr size_t kAlwaysFold = 65536;  // bytes

// Nodes between constants and one value.
struct Cone {
  Graph graph;
  size_t constant_bytes = 0;
};

class Folder {
 public:
  explicit Folder(Rewriter& rewriter) : rewriter_(rewriter), graph_(rewriter.graph()) {}

  Status Run() {
    FindConstant();
    bool changed = true;
    while (changed) {
      changed = false;
      for (Node* node : rewriter_.Nodes()) {
        if (!constant_.count(node) || !IsNeeded(node)) continue;
        changed = true;
        if (!PARE_TRY(Fold(node))) constant_.erase(node);
      }
    }
    return Ok();
  }

 private:
  static bool CanFold(Node& node) {
    return node.op.type != fb::Op::Custom && BodiesOf(node).empty() && !node.inputs.empty();
  }
  void FindConstant() {
    for (Node* node : rewriter_.Nodes()) {
      const bool constant =
          CanFold(*node) && std::all_of(node->inputs.begin(), node->inputs.end(), [&](ValueId v) {
            return v == kAbsent || graph_.IsConstant(v) || constant_.count(rewriter_.Producer(v));
          });
      if (constant) constant_[node] = true;
    }
  }
  // Something that is not folded reads it.
  bool IsNeeded(const Node* node) const {
    return std::any_of(node->outputs.begin(), node->outputs.end(), [&](ValueId v) {
      if (v == kAbsent) return false;
      const auto& users = rewriter_.Users(v);
      return rewriter_.IsOutput(v) ||
             std::any_of(users.begin(), users.end(), [&](Node* n) { return !constant_.count(n); });
    });
  }
  // Whether v is read as the weight of an operator that wants it laid out beforehand.
  bool IsWeight(ValueId v) const {
    const auto& users = rewriter_.Users(v);
    return std::any_of(users.begin(), users.end(), [&](const Node* n) {
      switch (n->op.type) {
        case fb::Op::MatMul: return true;
        case fb::Op::Conv:
        case fb::Op::ConvTranspose:
        case fb::Op::Lstm:
        case fb::Op::Gru:
        case fb::Op::Rnn: return n->inputs[0] != v;
        default: return false;
      }
    });
  }

  ValueId Copy(ValueId v, Cone* cone, std::map<ValueId, ValueId>* copies) {
    if (v == kAbsent) return kAbsent;
    const auto [found, inserted] = copies->emplace(v, kAbsent);
    if (!inserted) return found->second;
    if (const Weight* weight = graph_.ConstantOf(v)) {
      cone->constant_bytes += weight->bytes.size;
      return (*copies)[v] = cone->graph.AddWeight(*weight);
    }
    const ValueId copy = cone->graph.AddValue(graph_.values[v].name, graph_.values[v].dtype);
    cone->graph.values[copy].scale = graph_.values[v].scale;
    cone->graph.values[copy].zero_point = graph_.values[v].zero_point;
    return (*copies)[v] = copy;
  }
  void AddToCone(Node* node, Cone* cone, std::map<ValueId, ValueId>* copies,
                 std::map<const Node*, bool>* seen) {
    if (!seen->emplace(node, true).second) return;
    for (ValueId v : node->inputs) {
      if (Node* maker = rewriter_.Producer(v)) AddToCone(maker, cone, copies, seen);
    }
    Node copy = *node;
    for (ValueId& v : copy.inputs) v = Copy(v, cone, copies);
    for (ValueId& v : copy.outputs) v = Copy(v, cone, copies);
    cone->graph.nodes.push_back(std::move(copy));
  }

  // False where the results are too large to keep.
  Result<bool> Fold(Node* node) {
    Cone cone;
    std::map<ValueId, ValueId> copies;
    std::map<const Node*, bool> seen;
    AddToCone(node, &cone, &copies, &seen);
    bool weight = false;
    for (ValueId v : node->outputs) {
      if (v == kAbsent) continue;
      cone.graph.outputs.push_back(copies.at(v));
      weight |= IsWeight(v);
    }
    auto planned = Engine::Create(cone.graph, {{}, {}, {}, 1, HostCpu(), 1024, true});
    if (!planned.ok())
      return false;  // stays in the graph, where inferring shapes says what is wrong
    size_t bytes = 0;
    for (ValueId v : cone.graph.outputs) bytes += planned->value(v).Bytes();
    if (!weight && bytes > std::max(kAlwaysFold, 2 * cone.constant_bytes)) return false;
    Engine engine = PARE_TRY(Engine::Create(cone.graph, {}));
    PARE_TRY(engine.Run());
    const std::vector<ValueId> outputs = node->outputs;
    const std::string name = node->name;
    rewriter_.Erase(node);
    constant_.erase(node);
    for (ValueId v : outputs) {
      if (v != kAbsent) MakeConstant(v, engine.value(copies.at(v)), name);
    }
    return true;
  }

  void MakeConstant(ValueId v, const Tensor& t, const std::string& node_name) {
    Weight weight;
    weight.name = graph_.values[v].name;
    weight.dtype = t.dtype;
    weight.shape = t.shape;
    std::byte* data;
    weight.bytes = Bytes::Allocate(t.Bytes(), &data);
    std::memcpy(data, t.data, t.Bytes());
    if (rewriter_.IsOutput(v)) {
      // An output has a node that makes it.
      const ValueId constant = rewriter_.NewWeight(std::move(weight));
      Node* identity = rewriter_.Add(node_name, fb::IdentityT(), {constant}, {v});
      const std::vector<Node*> users = rewriter_.Users(v);
      for (Node* user : users) {
        for (size_t i = 0; i < user->inputs.size(); ++i) {
          if (user->inputs[i] == v && user != identity) rewriter_.SetInput(user, i, constant);
        }
      }
      return;
    }
    graph_.values[v].dtype = weight.dtype;
    graph_.values[v].shape = weight.shape;
    graph_.values[v].has_shape = true;
    graph_.values[v].weight = static_cast<int32_t>(graph_.weights.size());
    graph_.weights.push_back(std::move(weight));
  }

  Rewriter& rewriter_;
  Graph& graph_;
  std::map<const Node*, bool> constant_;
};

}  // namespace

Status FoldConstants(Graph& graph, const Options&) {
  Rewriter rewriter(graph);
  return Folder(rewriter).Run();
}

}  // namespace pare::converter
