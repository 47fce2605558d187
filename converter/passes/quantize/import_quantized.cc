// Models that come quantized. Their importer leaves floats, with a Quantize and a Dequantize where
// the file rounds them (import/onnx/quantized.h); here operators read and make the integers between
// these pairs: scales, zero points and weights stay the file's own. What has no kernel for integers
// computes on floats between a Dequantize and a Quantize, as the file says.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/quantize/int8_weight.h"
#include "converter/passes/quantize/quantization.h"
#include "converter/passes/quantize/quantized_ops.h"

namespace pare::converter {
namespace {

constexpr size_t kAddend = 3;

class ImportedModel {
 public:
  ImportedModel(Rewriter& rewriter, Quantization& q, const Options& options)
      : rewriter_(rewriter), graph_(rewriter.graph()), q_(q), options_(options) {}

  void Run() {
    for (Node* n : rewriter_.Nodes()) {
      if (n->op.type == fb::Op::Quantize) Hoist(n);
    }
    for (Node* n : rewriter_.Nodes()) {
      if (n->op.type == fb::Op::Quantize) {
        Requantize(n);
      } else if (n->op.type == fb::Op::Conv || n->op.type == fb::Op::MatMul) {
        ImportLinear(n);
      } else if (n->op.type != fb::Op::NONE) {
        ImportOther(n);
      }
    }
    TellClamped();
  }

 private:
  // ---- Integers of values

  // The u8 that v is the Dequantize of, or kAbsent.
  ValueId CodesOf(ValueId v) const {
    const Node* n = v == kAbsent ? nullptr : rewriter_.Producer<fb::DequantizeT>(v);
    return n == nullptr ? kAbsent : n->inputs[0];
  }
  bool SameScale(ValueId a, ValueId b) const {
    const Value &x = graph_.values[a], &y = graph_.values[b];
    return x.scale == y.scale && x.zero_point == y.zero_point;
  }
  bool AllHaveCodes(const Node* n, const std::vector<size_t>& inputs) const {
    return std::all_of(inputs.begin(), inputs.end(),
                       [&](size_t i) { return CodesOf(n->inputs[i]) != kAbsent; });
  }
  void ReadCodes(Node* n, const std::vector<size_t>& inputs) {
    for (size_t i : inputs) {
      Node* dequantize = rewriter_.Producer(n->inputs[i]);
      rewriter_.SetInput(n, i, dequantize->inputs[0]);
      rewriter_.EraseIfUnused(dequantize);
    }
  }
  // The Quantize that alone reads what n makes, or null.
  Node* QuantizeAfter(const Node* n) const {
    if (n->outputs.size() != 1 || !rewriter_.OnlyUse(n->outputs[0])) return nullptr;
    Node* user = rewriter_.Users(n->outputs[0])[0];
    return user->op.type == fb::Op::Quantize ? user : nullptr;
  }
  void MakeCodes(Node* n, Node* quantize) {
    const ValueId codes = quantize->outputs[0];
    rewriter_.Erase(quantize);
    rewriter_.SetOutput(n, 0, codes);
  }
  ValueId NewCodes(ValueId like, ValueId scale) {
    const std::string name = graph_.values[like].name + "/u8";
    const ValueId v = rewriter_.NewValue(name, DType::kU8);
    graph_.values[v].shape = graph_.values[like].shape;
    graph_.values[v].has_shape = graph_.values[like].has_shape;
    graph_.values[v].scale = graph_.values[scale].scale;
    graph_.values[v].zero_point = graph_.values[scale].zero_point;
    return v;
  }

  // ---- Pairs

  // Rounding commutes with moving: a Quantize goes before what it alone reads, up to where the
  // numbers are computed.
  void Hoist(Node* quantize) {
    for (;;) {
      const ValueId x = quantize->inputs[0];
      Node* mover = rewriter_.Producer(x);
      if (mover == nullptr || !rewriter_.OnlyUse(x) || mover->outputs.size() != 1 ||
          QuantInputs(*mover).size() != 1 || QuantRoleOf(graph_, *mover) != QuantRole::kMove ||
          CodesOf(mover->inputs[0]) != kAbsent)
        return;
      const ValueId codes = quantize->outputs[0];
      const ValueId before = NewCodes(mover->inputs[0], codes);
      rewriter_.SetInput(quantize, 0, mover->inputs[0]);
      rewriter_.SetOutput(quantize, 0, before);
      rewriter_.SetInput(mover, 0, before);
      rewriter_.SetOutput(mover, 0, codes);
    }
  }

  // Between two pairs there is nothing: codes change their scale, or stay.
  void Requantize(Node* quantize) {
    const ValueId codes = CodesOf(quantize->inputs[0]);
    if (codes == kAbsent) return;
    if (SameScale(codes, quantize->outputs[0]) && rewriter_.Bypass(quantize, codes)) return;
    ReadCodes(quantize, {0});
  }

  // ---- Operators

  void ImportOther(Node* n) {
    const QuantRole role = QuantRoleOf(graph_, *n);
    if (role == QuantRole::kFloat) return RecordFloat(n);
    const std::vector<size_t> inputs = QuantInputs(*n);
    if (!AllHaveCodes(n, inputs)) return RecordFloat(n);
    if (role == QuantRole::kMove) return ImportMover(n, inputs);
    Node* quantize = QuantizeAfter(n);
    if (quantize == nullptr) return RecordFloat(n);
    ReadCodes(n, inputs);
    MakeCodes(n, quantize);
  }

  void ImportMover(Node* n, const std::vector<size_t>& inputs) {
    const ValueId first = CodesOf(n->inputs[inputs[0]]);
    for (size_t i : inputs) {
      if (!SameScale(CodesOf(n->inputs[i]), first)) return RecordFloat(n);
    }
    ReadCodes(n, inputs);
    for (size_t i = 0; i < n->outputs.size(); ++i) {
      const ValueId y = n->outputs[i], codes = NewCodes(y, first);
      rewriter_.SetOutput(n, i, codes);
      rewriter_.Add(n->name, fb::DequantizeT(), {codes}, {y});
    }
  }

  // Products with integer weights: of integers, or of floats (then the weight is int8 in the file
  // only, or what it is multiplied with becomes u8 when it is known).
  void ImportLinear(Node* n) {
    LayerRecord record = RecordOf(graph_, *n);
    const bool has_codes = CodesOf(n->inputs[0]) != kAbsent;
    const bool dynamic =
        n->op.type == fb::Op::MatMul && n->op.AsMatMul()->arithmetic == fb::Arithmetic::DynamicInt8;
    const bool stored = n->op.type == fb::Op::MatMul && q_.format == QuantFormat::kNone;
    const char* reason = WhyNoInt8(graph_, *n);
    if (!has_codes && !dynamic && !(stored && reason == nullptr && IsWorthStoring(n))) return;
    if (reason == nullptr && !SetWeight(n, has_codes))
      reason =
          "its weights are no multiples of a step from -127 to 127: --quantize int8 or "
          "int8-dynamic rounds them anew";
    if (reason == nullptr) {
      record.encoding = has_codes ? "imported int8"
                        : dynamic ? "imported int8, dynamic"
                                  : "imported int8 weight";
      record.bytes_after = graph_.ConstantOf(n->inputs[1])->bytes.size;
      if (has_codes) ConnectLinear(n);
    } else if (dynamic) {
      n->op.AsMatMul()->arithmetic = fb::Arithmetic::Float;
    } else if (!has_codes) {
      return;
    }
    if (reason != nullptr) record.reason = reason;
    q_.layers.push_back(std::move(record));
  }

  void ConnectLinear(Node* n) {
    Node* quantize = QuantizeAfter(n);
    const ValueId addend = InputOf(n, kAddend);
    const bool makes_codes = quantize != nullptr && ActivationFitsU8(n) &&
                             (addend == kAbsent || CodesOf(addend) != kAbsent);
    ReadCodes(n, makes_codes ? QuantInputs(*n) : std::vector<size_t>{0});
    if (makes_codes) MakeCodes(n, quantize);
  }

  // What the file had as integers: not masks, constants and other weights that happen to be few
  // multiples of one number.
  bool IsWorthStoring(const Node* n) const {
    constexpr int64_t kLeastElements = 4096;
    constexpr size_t kLeastNumbers = 32;
    const Weight& w = *graph_.ConstantOf(n->inputs[1]);
    if (w.shape.Elements() < kLeastElements) return false;
    std::set<float> numbers;
    for (int64_t i = 0; i < kLeastElements; ++i) numbers.insert(w.Data<float>()[i]);
    return numbers.size() >= kLeastNumbers;
  }

  bool SetWeight(Node* n, bool has_codes) {
    const ValueId v = n->inputs[1];
    bool transpose = false;
    float alpha = 1;
    Layout layout = Layout::kInt8T16;
    fb::MatMulT* matmul = n->op.AsMatMul();
    if (matmul != nullptr) {
      transpose = !matmul->trans_b;
      if (has_codes) alpha = matmul->alpha;
    } else if (IsDepthwise(graph_, n)) {
      layout = Layout::kInt8Depthwise16;
    }
    const auto [found, inserted] = weights_.emplace(std::make_tuple(v, transpose, alpha), kAbsent);
    if (inserted) {
      Weight exact;
      int64_t clamped = 0;
      if (ExactInt8Weight(*graph_.ConstantOf(v), layout, transpose, alpha, &exact, &clamped)) {
        found->second = rewriter_.NewWeight(std::move(exact));
        clamped_ += clamped;
        clamped_layers_ += clamped > 0 ? 1 : 0;
        if (clamped > 0 && clamped_name_.empty()) clamped_name_ = n->name;
      }
    }
    if (found->second == kAbsent) return false;
    rewriter_.SetInput(n, 1, found->second);
    if (matmul != nullptr) {
      matmul->trans_b = true;
      if (has_codes) matmul->alpha = 1;
    }
    return true;
  }

  // ---- What is told

  void RecordFloat(const Node* n) {
    const bool reads_codes = std::any_of(n->inputs.begin(), n->inputs.end(),
                                         [&](ValueId v) { return CodesOf(v) != kAbsent; });
    if (!reads_codes || n->op.type == fb::Op::Dequantize) return;
    LayerRecord record = RecordOf(graph_, *n);
    record.reason = "computes on floats between its Dequantize and Quantize";
    q_.layers.push_back(std::move(record));
  }

  void TellClamped() const {
    if (clamped_ == 0 || !options_.warn) return;
    options_.warn(std::to_string(clamped_) + " weights of " + std::to_string(clamped_layers_) +
                  " layers, first '" + clamped_name_ +
                  "', are -128: they become -127, the least that kernels multiply exactly");
  }

  Rewriter& rewriter_;
  Graph& graph_;
  Quantization& q_;
  const Options& options_;
  std::map<std::tuple<ValueId, bool, float>, ValueId> weights_;
  int64_t clamped_ = 0, clamped_layers_ = 0;
  std::string clamped_name_;
};

}  // namespace

Status ImportQuantized(Graph& graph, const Options& options) {
  Rewriter rewriter(graph);
  ImportedModel(rewriter, *options.quantization, options).Run();
  return Ok();
}

}  // namespace pare::converter
