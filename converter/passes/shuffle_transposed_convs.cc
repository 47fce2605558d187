// A transposed convolution whose steps do not overlap (kernel = stride) and that has few filters
// would fill a fraction of a tile in each of its phases: as one 1x1 convolution that makes all
// phases as channels, and a shuffle of channels into pixels, it fills one.
#include <algorithm>
#include <cstring>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"

namespace pare::converter {
namespace {

constexpr int64_t kTileRows = 16;

// Each value, or every default where the list is empty, equals x.
bool AllAre(const std::vector<int64_t>& values, int64_t x) {
  return std::all_of(values.begin(), values.end(), [x](int64_t v) { return v == x; });
}

// The block of pixels that each input pixel becomes, or 0 where the rewrite does not apply.
int64_t BlockOf(const Graph& graph, const Node* n) {
  const fb::ConvTransposeT* conv = n->op.AsConvTranspose();
  const Weight* w = conv == nullptr ? nullptr : graph.ConstantOf(InputOf(n, 1));
  if (w == nullptr || w->dtype != DType::kF32 || w->layout != Layout::kPlain || w->shape.rank != 4)
    return 0;
  const int64_t filters = w->shape[0], block = w->shape[1];
  const bool steps = conv->strides.size() == 2 && AllAre(conv->strides, block) &&
                     w->shape[2] == block && AllAre(conv->dilations, 1);
  const bool whole =
      conv->output_shape.empty() && AllAre(conv->pads, 0) && AllAre(conv->output_padding, 0) &&
      conv->group == 1 &&
      (conv->auto_pad == fb::AutoPad::Explicit || conv->auto_pad == fb::AutoPad::Valid);
  const ValueId bias = InputOf(n, 2);
  const bool plain_bias = bias == kAbsent || graph.IsConstant(bias);
  return steps && whole && plain_bias && block > 1 && filters * block * block <= kTileRows ? block
                                                                                           : 0;
}

// Row (i * block + j) * M + m of the result is tap (i, j) of filter m.
Weight PhasesAsRows(const Weight& w, int64_t block) {
  const int64_t filters = w.shape[0], taps = block * block, depth = w.shape[3];
  Shape shape;
  for (int64_t dim : {filters * taps, int64_t{1}, int64_t{1}, depth}) shape.Push(dim);
  float* rows;
  Weight result = Weight::Make(w.name, shape, &rows);
  for (int64_t tap = 0; tap < taps; ++tap) {
    for (int64_t m = 0; m < filters; ++m)
      std::memcpy(rows + (tap * filters + m) * depth, w.Data<float>() + (m * taps + tap) * depth,
                  static_cast<size_t>(depth) * sizeof(float));
  }
  return result;
}

Weight Repeat(const Weight& bias, int64_t times) {
  const int64_t count = bias.shape.Elements();
  Shape shape;
  shape.Push(count * times);
  float* data;
  Weight result = Weight::Make(bias.name, shape, &data);
  for (int64_t i = 0; i < count * times; ++i) data[i] = bias.Data<float>()[i % count];
  return result;
}

}  // namespace

Status ShuffleTransposedConvs(Graph& graph, const Options&) {
  Rewriter rewriter(graph);
  for (Node* n : rewriter.Nodes()) {
    const int64_t block = BlockOf(graph, n);
    if (block == 0) continue;
    const ValueId x = n->inputs[0], y = n->outputs[0], bias = InputOf(n, 2);
    fb::ConvT conv;
    conv.activation = std::move(n->op.AsConvTranspose()->activation);
    Weight rows = PhasesAsRows(*graph.ConstantOf(n->inputs[1]), block);
    const int64_t channels = rows.shape[0];
    std::vector<ValueId> inputs = {x, rewriter.NewWeight(std::move(rows))};
    if (bias != kAbsent)
      inputs.push_back(rewriter.NewWeight(Repeat(*graph.ConstantOf(bias), block * block)));
    const std::string name = n->name;
    const ValueId phases = rewriter.NewValue(graph.values[y].name + "/phases", DType::kF32);
    if (graph.values[x].has_shape) {
      graph.values[phases].shape = graph.values[x].shape;
      graph.values[phases].shape[3] = channels;
      graph.values[phases].has_shape = true;
    }
    rewriter.Erase(n);
    rewriter.Add(name, std::move(conv), inputs, {phases});
    fb::DepthToSpaceT shuffle;
    shuffle.block = block;
    rewriter.Add(name, shuffle, {phases}, {y});
  }
  return Ok();
}

}  // namespace pare::converter
