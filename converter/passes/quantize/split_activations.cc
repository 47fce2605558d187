// Static int8, before calibration: activations that a quantized result cannot take, whatever is no
// clamp, become nodes of their own again. The linear node then makes u8 in the range of what goes
// into the function, and the function is a look-up of its codes. Where neither comes to be
// quantized, fuse_activations puts them together again.
#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/quantize/quantization.h"
#include "converter/passes/quantize/quantized_ops.h"

namespace pare::converter {

Status SplitActivations(Graph& graph, const Options& options) {
  if (!options.quantization->Wants(QuantFormat::kInt8)) return Ok();
  Rewriter rewriter(graph);
  for (Node* n : rewriter.Nodes()) {
    const bool quantized = QuantRoleOf(graph, *n) != QuantRole::kFloat;
    if (n->op.type == fb::Op::Unary || !quantized || ActivationFitsU8(n)) continue;
    const ValueId y = n->outputs[0];
    const Value value = graph.values[y];
    const ValueId before = rewriter.NewValue(value.name + "/before", value.dtype);
    graph.values[before].shape = value.shape;
    graph.values[before].has_shape = value.has_shape;
    fb::UnaryT unary;
    unary.activation = std::move(*ActivationOf(n));
    ActivationOf(n)->reset();
    rewriter.SetOutput(n, 0, before);
    rewriter.Add(n->name + "/activation", std::move(unary), {before}, {y});
  }
  return Ok();
}

}  // namespace pare::converter
