// int4 and NF4: matrix products get weights of 4 bits in groups; their activations are quantized to
// 8 bits row by row when they run, or the weights decoded. No data is needed.
#include <map>
#include <tuple>
#include <utility>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/quantize/low_bit_weight.h"
#include "converter/passes/quantize/quantized_ops.h"

namespace pare::converter {
namespace {

bool HasWeight(const Node& n) {
  return n.op.type == fb::Op::Conv || n.op.type == fb::Op::ConvTranspose ||
         n.op.type == fb::Op::MatMul;
}

const char* WhyF32(const Graph& graph, const Node& n) {
  if (n.op.type != fb::Op::MatMul) return "the runtime has convolutions in f32 and int8 only";
  return WhyNoInt8(graph, n);
}

class FourBitQuantizer {
 public:
  FourBitQuantizer(Rewriter& rewriter, Quantization& q)
      : rewriter_(rewriter), graph_(rewriter.graph()), q_(q) {}

  Status Quantize(Node* n) {
    LayerRecord& record = q_.Record(graph_, *n);
    const char* chosen;  // why it has a format of its own
    const QuantFormat format = q_.FormatOf(graph_, *n, &chosen);
    const char* f32 = IsFourBit(format) ? WhyF32(graph_, *n) : nullptr;
    if (f32 != nullptr || chosen != nullptr) record.reason = f32 != nullptr ? f32 : chosen;
    return IsFourBit(format) && f32 == nullptr ? SetWeight(n, format, &record) : Ok();
  }

 private:
  struct Encoded {
    ValueId v = kAbsent;
    double snr_db = 0;
  };

  Status SetWeight(Node* n, QuantFormat format, LayerRecord* record) {
    const ValueId v = n->inputs[1];
    fb::MatMulT* matmul = n->op.AsMatMul();
    const bool transpose = !matmul->trans_b;
    const int64_t k = graph_.ConstantOf(v)->shape[transpose ? 0 : 1];
    const std::optional<Layout> layout = FourBitLayout(format, q_, k);
    if (!layout) {
      record->reason = "groups of 32 do not divide its rows of " + std::to_string(k) + " values";
      return Ok();
    }
    Encoded& encoded = weights_[{v, transpose, format}];
    if (encoded.v == kAbsent) {
      const Weight plain = *graph_.ConstantOf(v);
      Weight weight = PARE_TRY(FourBitWeight(plain, *layout, transpose, q_, n->name));
      encoded.snr_db = WeightSnr(plain, transpose, 1, weight);
      encoded.v = ShareWeight(rewriter_, std::move(weight));
    }
    rewriter_.SetInput(n, 1, encoded.v);
    matmul->trans_b = true;
    matmul->arithmetic = q_.weight_only ? fb::Arithmetic::Float : fb::Arithmetic::DynamicInt8;
    record->encoding = EncodingOf(*layout);
    record->bytes_after = graph_.ConstantOf(encoded.v)->bytes.size;
    record->weight_snr_db = encoded.snr_db;
    return Ok();
  }

  Rewriter& rewriter_;
  Graph& graph_;
  Quantization& q_;
  std::map<std::tuple<ValueId, bool, QuantFormat>, Encoded> weights_;
};

}  // namespace

Status QuantizeFourBit(Graph& graph, const Options& options) {
  Quantization& q = *options.quantization;
  if (!q.Wants(QuantFormat::kInt4) && !q.Wants(QuantFormat::kNf4)) return Ok();
  Rewriter rewriter(graph);
  FourBitQuantizer quantizer(rewriter, q);
  for (Node* n : rewriter.Nodes()) {
    if (HasWeight(*n)) PARE_TRY(quantizer.Quantize(n));
  }
  return Ok();
}

}  // namespace pare::converter
