// The tables that embeddings look rows up in, in 4 bits where the weights of products are, in int8
// otherwise. Runs after the products: a table that one of them multiplies by is stored once.
#include <map>
#include <utility>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/quantize/int8_weight.h"
#include "converter/passes/quantize/low_bit_weight.h"
#include "converter/passes/quantize/quantized_ops.h"
#include "runtime/layout/layout.h"

namespace pare::converter {
namespace {

constexpr size_t kLeastBytes = 64 << 10;  // of a table that is worth it

bool LooksUpRows(const Graph& graph, const Node& n) {
  const fb::GatherT* gather = n.op.AsGather();
  if (gather == nullptr) return false;
  const Weight* table = PlainF32(graph, n.inputs[0]);
  return table != nullptr && table->shape.rank == 2 && (gather->axis == 0 || gather->axis == -2);
}

// Whether rows are multiplied by something that is computed, as the sines and cosines of rotary
// positions are: an error of theirs is one of all that they turn.
bool AreFactors(Rewriter& rewriter, ValueId rows) {
  const Graph& graph = rewriter.graph();
  for (Node* user : rewriter.Users(rows)) {
    if (IsBinary(user, fb::BinaryKind::Mul) && !graph.IsConstant(user->inputs[0]) &&
        !graph.IsConstant(user->inputs[1]))
      return true;
    if (QuantRoleOf(graph, *user) == QuantRole::kMove && AreFactors(rewriter, user->outputs[0]))
      return true;
  }
  return false;
}

// Why the rows stay f32, or null.
const char* WhyF32(Rewriter& rewriter, const Node& n, QuantFormat format, const char* chosen) {
  if (format == QuantFormat::kNone) return chosen;
  if (rewriter.graph().ConstantOf(n.inputs[0])->bytes.size < kLeastBytes)
    return "its table is small";
  return AreFactors(rewriter, n.outputs[0]) ? "its rows are factors" : nullptr;
}

Result<Weight> Encode(const Weight& table, QuantFormat format, const Quantization& q,
                      const std::string& layer) {
  if (IsFourBit(format)) {
    if (const auto layout = FourBitLayout(format, q, table.shape[1]))
      return FourBitWeight(table, *layout, false, q, layer);
  }
  PARE_TRY(CheckFinite(table, layer));
  return Int8Weight(table, Layout::kInt8T16, false, 1, q.per_tensor, q.scales);
}

class TableQuantizer {
 public:
  TableQuantizer(Rewriter& rewriter, Quantization& q)
      : rewriter_(rewriter), graph_(rewriter.graph()), q_(q) {}

  Status Quantize(Node* n) {
    const char* chosen;
    const QuantFormat format = q_.FormatOf(graph_, *n, &chosen);
    const char* f32 = WhyF32(rewriter_, *n, format, chosen);
    LayerRecord& record = q_.Record(graph_, *n);
    if (f32 != nullptr || chosen != nullptr) record.reason = f32 != nullptr ? f32 : chosen;
    return f32 == nullptr ? SetTable(n, format, &record) : Ok();
  }

 private:
  struct Encoded {
    ValueId v = kAbsent;
    double snr_db = 0;
  };

  Status SetTable(Node* n, QuantFormat format, LayerRecord* record) {
    Encoded& encoded = tables_[{n->inputs[0], format}];
    if (encoded.v == kAbsent) {
      const Weight table = *graph_.ConstantOf(n->inputs[0]);
      Weight weight = PARE_TRY(Encode(table, format, q_, n->name));
      encoded.snr_db = WeightSnr(table, false, 1, weight);
      encoded.v = ShareWeight(rewriter_, std::move(weight));
    }
    rewriter_.SetInput(n, 0, encoded.v);
    const Weight& made = *graph_.ConstantOf(encoded.v);
    record->encoding = EncodingOf(made.layout);
    record->bytes_after = made.bytes.size;
    record->weight_snr_db = encoded.snr_db;
    if (IsFourBit(format) && GroupOf(made.layout) == 0)
      record->reason =
          "groups of 32 do not divide its rows of " + std::to_string(made.shape[1]) + " values";
    return Ok();
  }

  Rewriter& rewriter_;
  Graph& graph_;
  Quantization& q_;
  std::map<std::pair<ValueId, QuantFormat>, Encoded> tables_;
};

// 4 bits were asked for and nothing has them: a file of f32 would be a surprise.
Status CheckAnyFourBit(const Quantization& q) {
  if (!IsFourBit(q.format)) return Ok();
  std::string reasons;
  for (const LayerRecord& layer : q.layers) {
    if (layer.encoding != "f32") return Ok();
    if (reasons.empty())
      reasons = ": layer '" + layer.node + "' (" + layer.op + "): " + layer.reason;
  }
  return Error(Code::kUnsupported,
               "no layer can have weights of 4 bits, which products and tables of rows can" +
                   reasons + "; try --quantize int8 or f16");
}

}  // namespace

Status QuantizeTables(Graph& graph, const Options& options) {
  Quantization& q = *options.quantization;
  if (q.format == QuantFormat::kNone && q.choices.empty()) return Ok();
  Rewriter rewriter(graph);
  TableQuantizer quantizer(rewriter, q);
  for (Node* n : rewriter.Nodes()) {
    if (LooksUpRows(graph, *n)) PARE_TRY(quantizer.Quantize(n));
  }
  return CheckAnyFourBit(q);
}

}  // namespace pare::converter
