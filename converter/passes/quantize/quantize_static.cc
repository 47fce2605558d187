// Static int8, second half: convolutions and matrix products with constant weights read u8 and get
// int8 weights. What they make stays u8 from layer to layer, also through nodes that only move
// numbers; Quantize and Dequantize stand where u8 meets f32, and nowhere else.
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/quantize/int8_weight.h"
#include "converter/passes/quantize/low_bit_weight.h"
#include "converter/passes/quantize/quantization.h"
#include "converter/passes/quantize/quantized_ops.h"
#include "runtime/layout/layout.h"

namespace pare::converter {
namespace {

bool Same(const QuantParams& a, const QuantParams& b) {
  return a.scale == b.scale && a.zero_point == b.zero_point;
}

// One range for several values: the union of theirs.
QuantParams Union(const QuantParams& a, const QuantParams& b) {
  if (Same(a, b)) return a;
  const auto low = [](const QuantParams& p) { return -double{p.scale} * p.zero_point; };
  const auto high = [](const QuantParams& p) { return double{p.scale} * (255 - p.zero_point); };
  return ParamsOf({std::min(low(a), low(b)), std::max(high(a), high(b))});
}

// Decides which nodes are quantized. `role` says what a node could be; nodes are only ever taken
// out of the set until it holds.
class Choice {
 public:
  Choice(Rewriter& rewriter, const Quantization& q)
      : graph_(rewriter.graph()), params_(q.params), nodes_(rewriter.Nodes()) {
    for (Node* n : nodes_) {
      const QuantRole role = QuantRoleOf(graph_, *n);
      if (role == QuantRole::kFloat) continue;
      const char* why;
      if (q.FormatOf(graph_, *n, &why) != QuantFormat::kInt8 && why != nullptr) continue;
      const bool fits =
          role == QuantRole::kLinear || n->op.type == fb::Op::Unary || ActivationFitsU8(n);
      if (fits && InputsHaveRanges(*n, role)) role_[n] = role;
    }
    while (DropUnwanted() || DropLonely()) {
    }
  }

  QuantRole RoleOf(Node* n) const {
    const auto found = role_.find(n);
    return found == role_.end() ? QuantRole::kFloat : found->second;
  }
  // Whether the node makes v as u8.
  bool MakesU8(Node* n, ValueId v) const {
    const QuantRole role = RoleOf(n);
    if (role == QuantRole::kFloat || params_.count(v) == 0) return false;
    return role != QuantRole::kLinear ||
           (wanted_.count(v) != 0 && ActivationFitsU8(n) && InputsHaveRanges(*n, QuantRole::kMove));
  }
  // The inputs that the node reads as u8.
  std::vector<size_t> U8Inputs(Node* n) const {
    const QuantRole role = RoleOf(n);
    if (role == QuantRole::kFloat) return {};
    if (role == QuantRole::kLinear && !MakesU8(n, n->outputs[0])) return {0};
    return QuantInputs(*n);
  }
  const std::vector<Node*>& nodes() const { return nodes_; }

 private:
  // A linear node needs that of its first input only: its result may be f32.
  bool InputsHaveRanges(const Node& n, QuantRole role) const {
    const std::vector<size_t> inputs =
        role == QuantRole::kLinear ? std::vector<size_t>{0} : QuantInputs(n);
    return std::all_of(inputs.begin(), inputs.end(),
                       [&](size_t i) { return params_.count(n.inputs[i]) != 0; });
  }

  // Nodes whose results nobody reads as u8 and that could as well be f32.
  bool DropUnwanted() {
    bool changed = false;
    wanted_.clear();
    for (auto it = nodes_.rbegin(); it != nodes_.rend(); ++it) {
      Node* n = *it;
      const QuantRole role = RoleOf(n);
      if (role == QuantRole::kFloat) continue;
      const bool wanted = std::any_of(n->outputs.begin(), n->outputs.end(),
                                      [&](ValueId v) { return wanted_.count(v) != 0; });
      const bool ranges = std::all_of(n->outputs.begin(), n->outputs.end(),
                                      [&](ValueId v) { return params_.count(v) != 0; });
      if (role != QuantRole::kLinear && !(wanted && ranges)) {
        role_.erase(n);
        changed = true;
        continue;
      }
      for (size_t i : U8Inputs(n)) wanted_.insert(n->inputs[i]);
    }
    return changed;
  }

  // Computing nodes that no quantized node feeds: u8 would cost them accuracy for nothing.
  bool DropLonely() {
    bool changed = false;
    std::set<ValueId> quantized;
    for (Node* n : nodes_) {
      if (RoleOf(n) == QuantRole::kFloat) continue;
      const std::vector<size_t> inputs = QuantInputs(*n);
      const bool fed = std::any_of(inputs.begin(), inputs.end(),
                                   [&](size_t i) { return quantized.count(n->inputs[i]) != 0; });
      if (RoleOf(n) == QuantRole::kCompute && !fed) {
        role_.erase(n);
        changed = true;
      } else if (RoleOf(n) == QuantRole::kLinear || fed) {
        quantized.insert(n->outputs.begin(), n->outputs.end());
      }
    }
    return changed;
  }

  const Graph& graph_;
  const std::map<ValueId, QuantParams>& params_;
  std::vector<Node*> nodes_;
  std::map<Node*, QuantRole> role_;
  std::set<ValueId> wanted_;
};

class StaticQuantizer {
 public:
  StaticQuantizer(Rewriter& rewriter, Quantization& q)
      : rewriter_(rewriter), graph_(rewriter.graph()), q_(q), choice_(rewriter, q) {}

  Status Run() {
    UnifyMoved();
    for (Node* n : choice_.nodes()) PARE_TRY(Record(n));
    // Asked of the graph as it was: rewriting changes what the answers rest on.
    std::vector<std::pair<Node*, std::vector<size_t>>> reads;
    for (Node* n : choice_.nodes()) {
      reads.emplace_back(n, choice_.U8Inputs(n));
      for (ValueId v : n->outputs) {
        if (choice_.MakesU8(n, v)) made_.emplace(v, n);
      }
    }
    for (const auto& [v, n] : made_) MakeU8(v, n);
    for (const auto& [n, inputs] : reads) Rewire(n, inputs);
    return Ok();
  }

 private:
  // Values that a node moves share one scale, that of the widest range among them.
  void UnifyMoved() {
    for (bool changed = true; changed;) {
      changed = false;
      for (Node* n : choice_.nodes()) {
        if (choice_.RoleOf(n) != QuantRole::kMove) continue;
        std::vector<ValueId> values = n->outputs;
        for (size_t i : QuantInputs(*n)) values.push_back(n->inputs[i]);
        QuantParams all = q_.params.at(values[0]);
        for (ValueId v : values) all = Union(all, q_.params.at(v));
        for (ValueId v : values) {
          changed |= !Same(q_.params.at(v), all);
          q_.params[v] = all;
        }
      }
    }
  }

  Status Record(Node* n) {
    if (!HasLayerWeight(*n) || n->outputs[0] == kAbsent) return Ok();
    const bool quantized = choice_.RoleOf(n) == QuantRole::kLinear;
    LayerRecord& record = q_.Record(graph_, *n);
    if (quantized) {
      PARE_TRY(CheckFinite(*graph_.ConstantOf(n->inputs[1]), n->name));
      record.weight_snr_db = SetWeight(n);
      record.encoding = "int8";
      const char* why;
      if (q_.FormatOf(graph_, *n, &why) == QuantFormat::kInt8 && why != nullptr)
        record.reason = why;
      record.bytes_after = graph_.ConstantOf(n->inputs[1])->bytes.size;
    } else {
      const char* reason = nullptr;
      if (q_.FormatOf(graph_, *n, &reason) == QuantFormat::kInt8 || reason == nullptr)
        reason = WhyNoInt8(graph_, *n);
      record.reason = reason != nullptr ? reason : "its input has no range";
    }
    return Ok();
  }

  // Returns its signal to noise in dB.
  double SetWeight(Node* n) {
    const ValueId v = n->inputs[1];
    bool transpose = false;
    float alpha = 1;
    Layout layout = Layout::kInt8T16;
    if (fb::MatMulT* matmul = n->op.AsMatMul()) {
      transpose = !matmul->trans_b;
      std::swap(alpha, matmul->alpha);
      matmul->trans_b = true;
    } else if (IsDepthwise(graph_, n)) {
      layout = Layout::kInt8Depthwise16;
    }
    const auto [found, inserted] = weights_.emplace(std::make_tuple(v, transpose, alpha), kAbsent);
    if (inserted) {
      found->second = rewriter_.NewWeight(
          Int8Weight(*graph_.ConstantOf(v), layout, transpose, alpha, q_.per_tensor, q_.scales));
    }
    rewriter_.SetInput(n, 1, found->second);
    return WeightSnr(*graph_.ConstantOf(v), transpose, alpha, *graph_.ConstantOf(found->second));
  }

  ValueId NewU8(const std::string& name, ValueId like, const QuantParams& params) {
    const ValueId v = rewriter_.NewValue(name, DType::kU8);
    graph_.values[v].shape = graph_.values[like].shape;
    graph_.values[v].has_shape = graph_.values[like].has_shape;
    graph_.values[v].scale = params.scale;
    graph_.values[v].zero_point = params.zero_point;
    return v;
  }

  // Lets `n` make v as u8. A graph output stays f32 and keeps its name.
  void MakeU8(ValueId v, Node* n) {
    const auto i = static_cast<size_t>(std::find(n->outputs.begin(), n->outputs.end(), v) -
                                       n->outputs.begin());
    const std::string name = graph_.values[v].name;
    const QuantParams params = q_.params.at(v);
    if (rewriter_.IsOutput(v)) {
      const ValueId u8 = NewU8(name + "/u8", v, params);
      rewriter_.SetOutput(n, i, u8);
      rewriter_.Add(name + "/dequantize", fb::DequantizeT(), {u8}, {v});
      u8_of_[v] = u8;
      f32_of_[v] = v;
      return;
    }
    Value& value = graph_.values[v];
    value.dtype = DType::kU8;
    value.scale = params.scale;
    value.zero_point = params.zero_point;
    u8_of_[v] = v;
  }

  ValueId U8Of(ValueId v) {
    const auto [found, inserted] = u8_of_.emplace(v, kAbsent);
    if (inserted) {
      const std::string name = graph_.values[v].name;
      found->second = NewU8(name + "/u8", v, q_.params.at(v));
      rewriter_.Add(name + "/quantize", fb::QuantizeT(), {v}, {found->second});
    }
    return found->second;
  }

  ValueId F32Of(ValueId v) {
    if (made_.count(v) == 0) return v;
    const auto [found, inserted] = f32_of_.emplace(v, kAbsent);
    if (inserted) {
      const Value value = graph_.values[v];
      found->second = rewriter_.NewValue(value.name + "/f32", DType::kF32);
      graph_.values[found->second].shape = value.shape;
      graph_.values[found->second].has_shape = value.has_shape;
      rewriter_.Add(value.name + "/dequantize", fb::DequantizeT(), {v}, {found->second});
    }
    return found->second;
  }

  void Rewire(Node* n, const std::vector<size_t>& u8_inputs) {
    for (size_t i = 0; i < n->inputs.size(); ++i) {
      const ValueId v = n->inputs[i];
      if (v == kAbsent) continue;
      const bool as_u8 = std::find(u8_inputs.begin(), u8_inputs.end(), i) != u8_inputs.end();
      const ValueId form = as_u8 ? U8Of(v) : F32Of(v);
      if (form != v) rewriter_.SetInput(n, i, form);
    }
  }

  Rewriter& rewriter_;
  Graph& graph_;
  Quantization& q_;
  const Choice choice_;
  std::map<ValueId, Node*> made_;  // as u8, by which node
  std::map<ValueId, ValueId> u8_of_, f32_of_;
  std::map<std::tuple<ValueId, bool, float>, ValueId> weights_;
};

}  // namespace

Status QuantizeStatic(Graph& graph, const Options& options) {
  Quantization& q = *options.quantization;
  if (q.params.empty() && !q.Wants(QuantFormat::kInt8)) return Ok();
  Rewriter rewriter(graph);
  return StaticQuantizer(rewriter, q).Run();
}

}  // namespace pare::converter
