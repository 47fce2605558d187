// Static int8, before calibration: a transposed convolution whose windows do not overlap is a
// convolution with a filter for each place of the window, and a move of its channels into the
// picture. Both exist for u8.
#include <algorithm>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/quantize/quantization.h"

namespace pare::converter {
namespace {

bool AllAre(const std::vector<int64_t>& values, int64_t x) {
  return std::all_of(values.begin(), values.end(), [&](int64_t v) { return v == x; });
}

// The side of the window, or 0 where windows overlap or leave gaps, or the node is otherwise more.
int64_t SideOf(const Graph& graph, const Node& n) {
  const fb::ConvTransposeT* op = n.op.AsConvTranspose();
  const Weight* w = PlainF32(graph, InputOf(&n, 1));
  if (op == nullptr || w == nullptr || w->shape.rank != 4 || op->group != 1) return 0;
  const int64_t side = w->shape[1];
  const bool tiles = w->shape[2] == side && op->strides.size() == 2 && AllAre(op->strides, side);
  const bool plain = AllAre(op->dilations, 1) && AllAre(op->pads, 0) &&
                     AllAre(op->output_padding, 0) && op->output_shape.empty() &&
                     op->auto_pad == fb::AutoPad::Explicit;
  const bool bias = InputOf(&n, 2) == kAbsent || PlainF32(graph, n.inputs[2]) != nullptr;
  return tiles && plain && bias ? side : 0;
}

// Rows [M, side, side, C] as [side, side, M, 1, 1, C].
Weight PlacesFirst(const Weight& w, const std::string& name) {
  const int64_t m = w.shape[0], places = w.shape[1] * w.shape[2], depth = w.shape[3];
  Shape shape;
  for (int64_t d : {m * places, int64_t{1}, int64_t{1}, depth}) (void)shape.Push(d);
  float* to;
  Weight result = Weight::Make(name, shape, &to);
  const float* from = w.Data<float>();
  for (int64_t p = 0; p < places; ++p) {
    for (int64_t i = 0; i < m; ++i, to += depth)
      std::copy_n(from + (i * places + p) * depth, depth, to);
  }
  return result;
}

}  // namespace

Status LowerTransposed(Graph& graph, const Options& options) {
  if (!options.quantization->Wants(QuantFormat::kInt8)) return Ok();
  Rewriter rewriter(graph);
  for (Node* n : rewriter.Nodes()) {
    const int64_t side = SideOf(graph, *n);
    if (side == 0) continue;
    const ValueId x = n->inputs[0], y = n->outputs[0];
    std::vector<ValueId> inputs = {
        x, rewriter.NewWeight(PlacesFirst(*graph.ConstantOf(n->inputs[1]), n->name + "/weight"))};
    if (const Weight* bias = graph.ConstantOf(InputOf(n, 2)))
      inputs.push_back(rewriter.NewWeight(Repeated(*bias, side * side, n->name + "/bias")));
    fb::ConvT conv;
    conv.activation = std::move(n->op.AsConvTranspose()->activation);
    fb::DepthToSpaceT move;
    move.block = side;
    const ValueId places = rewriter.NewValue(graph.values[y].name + "/places", DType::kF32);
    graph.values[places].has_shape = graph.values[x].has_shape && graph.values[y].has_shape;
    if (graph.values[places].has_shape) {
      graph.values[places].shape = graph.values[x].shape;
      graph.values[places].shape[3] = graph.values[inputs[1]].shape[0];
    }
    const std::string name = n->name;
    rewriter.Erase(n);
    rewriter.Add(name, std::move(conv), inputs, {places});
    rewriter.Add(name + "/move", std::move(move), {places}, {y});
  }
  return Ok();
}

}  // namespace pare::converter
