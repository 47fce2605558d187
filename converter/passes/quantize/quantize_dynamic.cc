// Dynamic int8: matrix products get int8 weights, a scale for each row; their activations are
// quantized row by row when they run. No data is needed.
#include <map>
#include <tuple>
#include <utility>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/quantize/int8_weight.h"
#include "converter/passes/quantize/low_bit_weight.h"
#include "converter/passes/quantize/quantization.h"
#include "converter/passes/quantize/quantized_ops.h"

namespace pare::converter {
namespace {

const char* WhyF32(const Graph& graph, const Node& n) {
  if (n.op.type == fb::Op::Conv) return "convolutions need calibrated ranges: --quantize int8";
  return WhyNoInt8(graph, n);
}

}  // namespace

Status QuantizeDynamic(Graph& graph, const Options& options) {
  Quantization& q = *options.quantization;
  if (!q.Wants(QuantFormat::kInt8Dynamic)) return Ok();
  Rewriter rewriter(graph);
  std::map<std::pair<ValueId, bool>, ValueId> weights;
  for (Node* n : rewriter.Nodes()) {
    if (n->op.type != fb::Op::Conv && n->op.type != fb::Op::MatMul) continue;
    LayerRecord& record = q.Record(graph, *n);
    const ValueId v = InputOf(n, 1);
    const char* reason;
    const bool wanted = q.FormatOf(graph, *n, &reason) == QuantFormat::kInt8Dynamic;
    const char* unfit = wanted ? WhyF32(graph, *n) : nullptr;
    if (unfit != nullptr) reason = unfit;
    if (reason != nullptr && record.encoding == "f32") record.reason = reason;
    if (wanted && unfit == nullptr) {
      fb::MatMulT* matmul = n->op.AsMatMul();
      PARE_TRY(CheckFinite(*graph.ConstantOf(v), n->name));
      const auto [found, inserted] = weights.emplace(std::make_pair(v, !matmul->trans_b), kAbsent);
      if (inserted) {
        found->second = rewriter.NewWeight(Int8Weight(*graph.ConstantOf(v), Layout::kInt8T16,
                                                      !matmul->trans_b, 1, q.per_tensor, q.scales));
      }
      const Weight& encoded = *graph.ConstantOf(found->second);
      record.weight_snr_db = WeightSnr(*graph.ConstantOf(v), !matmul->trans_b, 1, encoded);
      rewriter.SetInput(n, 1, found->second);
      matmul->trans_b = true;
      matmul->arithmetic = fb::Arithmetic::DynamicInt8;
      record.encoding = "int8-dynamic";
      record.bytes_after = encoded.bytes.size;
    }
  }
  return Ok();
}

}  // namespace pare::converter
