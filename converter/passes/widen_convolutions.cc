// A convolution with few filters leaves most lanes of the kernels, which compute 16 filters at a
// time, without work. With copies of its filters, each moved by one more pixel, it computes several
// neighbouring pixels of a line at once: with channels last these are the same numbers in the same
// order. The window grows by the moves, so this pays where it is wide or the filters are few.
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"

namespace pare::converter {
namespace {

constexpr int64_t kLanes = 16;
// What the extra Reshape, Slice and larger weight must be worth.
constexpr double kMinGain = 1.3;
// A window so many times as wide makes the weight as much larger, and gains little over half of
// that.
constexpr int64_t kMaxGrowth = 3;

// The last spatial dimension of a convolution.
struct Line {
  int64_t in, out, kernel, stride, pad_begin;
};

struct Widened {
  int64_t pixels;  // of a line that one window makes
  int64_t kernel, out, pad_end;
};

Widened Widen(const Line& line, int64_t pixels) {
  Widened w;
  w.pixels = pixels;
  w.kernel = line.kernel + (pixels - 1) * line.stride;
  w.out = (line.out + pixels - 1) / pixels;
  const int64_t read = (w.out - 1) * line.stride * pixels + w.kernel;
  w.pad_end = std::max<int64_t>(0, read - line.in - line.pad_begin);
  return w;
}

// As many pixels as make the fewest taps in all; 1 where none is worth it.
Widened Choose(const Line& line, int64_t filters) {
  Widened best = Widen(line, 1);
  const double now = static_cast<double>(line.out * line.kernel);
  double least = now / kMinGain;
  for (int64_t pixels = 2; pixels * filters <= kLanes && pixels <= line.out; ++pixels) {
    const Widened w = Widen(line, pixels);
    const double taps = static_cast<double>(w.out * w.kernel);
    if (taps >= least || w.kernel > kMaxGrowth * line.kernel) continue;
    least = taps;
    best = w;
  }
  return best;
}

// [filters, window..., kernel, C] -> [pixels * filters, window..., wide kernel, C].
Weight MoveFilters(const Weight& old, const Line& line, const Widened& wide) {
  const int rank = old.shape.rank;
  const int64_t depth = old.shape[rank - 1], lines = old.shape.Elements(0, rank - 2);
  Shape shape = old.shape;
  shape[0] *= wide.pixels;
  shape[rank - 2] = wide.kernel;
  float* to;
  Weight weight = Weight::Make(old.name + "/widened", shape, &to);
  std::fill(to, to + shape.Elements(), 0.f);
  const auto* from = old.Data<float>();
  for (int64_t p = 0; p < wide.pixels; ++p) {
    for (int64_t i = 0; i < lines; ++i) {
      const float* row = from + i * line.kernel * depth;
      std::copy(row, row + line.kernel * depth,
                to + ((p * lines + i) * wide.kernel + p * line.stride) * depth);
    }
  }
  return weight;
}

// The convolution's line, or kernel 0 where it cannot be widened.
Line LineOf(const Graph& graph, const Node* n) {
  Line line{};
  const fb::ConvT* conv = n->op.AsConv();
  if (conv == nullptr || conv->group != 1 || conv->auto_pad != fb::AutoPad::Explicit) return line;
  const Weight* w = PlainF32(graph, n->inputs[1]);
  const ValueId bias = InputOf(n, 2), addend = InputOf(n, 3);
  if (w == nullptr || (bias != kAbsent && PlainF32(graph, bias) == nullptr) || addend != kAbsent)
    return line;
  const Value &x = graph.values[n->inputs[0]], &y = graph.values[n->outputs[0]];
  const int rank = w->shape.rank;
  if (!x.has_shape || !y.has_shape || x.shape.rank != rank || y.shape.rank != rank) return line;
  const auto last = static_cast<size_t>(rank) - 3;  // among the spatial dimensions
  const auto at = [&](const std::vector<int64_t>& list, size_t i, int64_t otherwise) {
    return i < list.size() ? list[i] : otherwise;
  };
  line.in = x.shape[rank - 2];
  line.out = y.shape[rank - 2];
  line.stride = at(conv->strides, last, 1);
  line.pad_begin = at(conv->pads, last, 0);
  if (line.in > 0 && line.out > 0 && at(conv->dilations, last, 1) == 1)
    line.kernel = w->shape[rank - 2];
  return line;
}

class Widener {
 public:
  explicit Widener(Rewriter& rewriter) : rewriter_(rewriter), graph_(rewriter.graph()) {}

  void Visit(Node* n) {
    const Line line = LineOf(graph_, n);
    if (line.kernel == 0) return;
    const Widened wide = Choose(line, graph_.ConstantOf(n->inputs[1])->shape[0]);
    if (wide.pixels == 1) return;
    const auto last = static_cast<size_t>(graph_.values[n->inputs[0]].shape.rank) - 3;
    fb::ConvT* conv = n->op.AsConv();
    conv->strides.resize(last + 1, 1);
    conv->strides[last] = line.stride * wide.pixels;
    conv->pads.resize(2 * (last + 1), 0);
    conv->pads[2 * last + 1] = wide.pad_end;
    rewriter_.SetInput(n, 1, Filters(n->inputs[1], line, wide));
    if (const Weight* bias = graph_.ConstantOf(InputOf(n, 2))) {
      Weight repeated = Repeated(*bias, wide.pixels, bias->name + "/widened");
      rewriter_.SetInput(n, 2, rewriter_.NewWeight(std::move(repeated)));
    }
    ShapeResult(n, line.out, wide);
  }

 private:
  // One weight for all convolutions that have it and are widened alike.
  ValueId Filters(ValueId v, const Line& line, const Widened& wide) {
    const auto [at, is_new] = filters_.try_emplace({v, wide.pixels, line.stride}, kAbsent);
    if (is_new) at->second = rewriter_.NewWeight(MoveFilters(*graph_.ConstantOf(v), line, wide));
    return at->second;
  }

  // Lets `n` make [N, spatial..., pixels * filters], and what follows it the old shape of that.
  void ShapeResult(Node* n, int64_t length, const Widened& wide) {
    const ValueId out = n->outputs[0];
    const Value y = graph_.values[out];
    const int axis = y.shape.rank - 2;
    const int64_t filters = y.shape[axis + 1];
    Shape packed = y.shape, whole = y.shape;
    packed[axis] = wide.out;
    packed[axis + 1] = filters * wide.pixels;
    whole[axis] = wide.out * wide.pixels;
    const ValueId made = rewriter_.NewValue(y.name + "/widened", y.dtype, packed);
    rewriter_.SetOutput(n, 0, made);
    const bool fits = whole[axis] == length;
    const ValueId line = fits ? out : rewriter_.NewValue(y.name + "/longer", y.dtype, whole);
    fb::ReshapeT reshape;
    reshape.shape.assign(static_cast<size_t>(axis), 0);
    reshape.shape.insert(reshape.shape.end(), {whole[axis], filters});
    rewriter_.Add(n->name + "/pixels", std::move(reshape), {made}, {line});
    if (fits) return;
    fb::SliceT slice;
    slice.starts = {0};
    slice.ends = {length};
    slice.axes = {axis};
    rewriter_.Add(n->name + "/line", std::move(slice), {line}, {out});
  }

  Rewriter& rewriter_;
  Graph& graph_;
  std::map<std::tuple<ValueId, int64_t, int64_t>, ValueId> filters_;
};

}  // namespace

Status WidenConvolutions(Graph& graph, const Options&) {
  {
    Rewriter rewriter(graph);
    Widener widener(rewriter);
    for (Node* n : rewriter.Nodes()) widener.Visit(n);
  }
  CompactValues(graph);
  return Ok();
}

}  // namespace pare::converter
