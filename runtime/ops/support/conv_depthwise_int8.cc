#include "runtime/ops/support/conv_depthwise_int8.h"

#include <cmath>

#include "runtime/core/arena.h"
#include "runtime/kernels/depthwise/depthwise.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/support/activation.h"
#include "runtime/ops/support/conv_points.h"
#include "runtime/ops/support/quantized.h"

namespace pare {
namespace {

constexpr size_t kColumnBytes = 16 << 10;  // of prepared columns: they stay in the first cache
constexpr size_t kMostLines = 32;          // of a task
constexpr size_t kMostRows = 1024;         // of the window, for all lines of a task
constexpr size_t kMostCells = 1 << 24;     // of the columns of a pixel
constexpr size_t kMinProducts = 1 << 16;   // of a task: less is not worth a hand-over
constexpr size_t kTasksPerThread = 4;

struct State {
  const DepthwiseInt8Kernel* kernel;
  ClampBounds clamp;
  UnaryFn activate;  // of f32 results, what the clamp cannot do, or null
  ActivationParams activation;
  uint32_t pixels;  // of a line that a call computes
  uint32_t lines;   // of a task; 1 where a line is cut
};

// The window and the line as the kernel sees them. A turned window has a column for each pixel.
struct Window {
  Window(const ConvGeometry& g, const Shape& weight) : taps(Int8WindowOf(weight)) {
    const auto along = static_cast<size_t>(g.stride[2]);
    stride = taps.turned ? 1 : along;
    step = taps.turned ? along : 1;
    dilation = static_cast<size_t>(g.dilation[2]);
  }
  size_t Columns(size_t pixels) const {
    return (pixels - 1) * stride + (taps.columns - 1) * dilation + 1;
  }
  Int8Window taps;
  size_t stride, step, dilation;
};

size_t Lines(const ConvGeometry& g) { return static_cast<size_t>(g.batch * g.out[0] * g.out[1]); }

// As many pixels as leave their columns in the cache; a line is cut evenly.
size_t PixelsOf(const ConvGeometry& g, const Window& w, size_t cell_bytes) {
  const auto line = static_cast<size_t>(g.out[2]);
  const size_t column = w.taps.Groups() * cell_bytes;
  const size_t wanted = column == 0 ? line : kColumnBytes / column;
  const size_t around = w.Columns(1);
  const size_t most = wanted > around ? (wanted - around) / w.stride + 1 : 1;
  if (line <= most) return line;
  const size_t pieces = (line + most - 1) / most;
  return (line + pieces - 1) / pieces;
}

size_t LinesOf(const ConvGeometry& g, const Window& w, size_t threads) {
  const size_t fit = kMostRows / w.taps.rows + 1;
  const size_t most = fit < kMostLines ? fit : kMostLines;
  const size_t cost = static_cast<size_t>(g.channels * g.out[2]) * g.Taps() + 1;
  const size_t even = Lines(g) / (threads * kTasksPerThread) + 1;
  const size_t least = kMinProducts / cost + 1;
  const size_t wanted = threads == 1 ? most : even > least ? even : least;
  return wanted < most ? wanted : most;
}

struct ScratchLayout {
  ScratchLayout(const State& state, const Window& w)
      : rows(AlignUp(state.lines * w.taps.rows * sizeof(DepthwiseRow))),
        thread(rows + AlignUp(DepthwiseInt8Scratch(*state.kernel, w.Columns(state.pixels),
                                                   w.taps.rows, w.taps.columns))) {}
  uint64_t rows, thread;
};

}  // namespace

Status PlanDepthwiseInt8(const ConvGeometry& g, const ActivationParams& activation,
                         PlanContext& context) {
  auto* state = context.NewState<State>();
  state->kernel = SelectDepthwiseInt8(context.cpu, static_cast<size_t>(g.channels));
  state->activation = activation;
  if (!ClampOf(activation, &state->clamp)) {
    if (context.Out(0)->IsQuantized())
      return Error(Code::kUnsupported, "a quantized result takes no fused activation but a clamp");
    state->clamp = {-INFINITY, INFINITY};
    state->activate = PARE_TRY(SelectActivation(activation, context.cpu));
  }
  context.kernel = state->kernel->name;
  if (context.Out(0)->Elements() == 0) return Ok();
  const Window window(g, context.In(1)->shape);
  if (window.Columns(1) > kMostCells / window.taps.Groups())
    return Error(Code::kUnsupported, "the window of an int8 depthwise convolution is too wide");
  state->pixels = static_cast<uint32_t>(PixelsOf(g, window, state->kernel->cell_bytes));
  const bool whole = state->pixels == static_cast<size_t>(g.out[2]);
  state->lines = static_cast<uint32_t>(whole ? LinesOf(g, window, context.threads) : 1);
  context.scratch_bytes = ScratchLayout(*state, window).thread * context.threads +
                          AlignUp(static_cast<size_t>(g.channels));
  return Ok();
}

namespace {

// A row whose first column, of `columns`, reads position `first` of a line.
DepthwiseRow RowOf(const ConvGeometry& g, const Window& w, const uint8_t* line, int64_t first,
                   size_t columns) {
  const auto step = static_cast<int64_t>(w.step), count = static_cast<int64_t>(columns);
  // Columns whose positions are below `bound`.
  const auto below = [&](int64_t bound) {
    const int64_t n = bound <= first ? 0
                      : step == 1    ? bound - first
                                     : (bound - first - 1) / step + 1;
    return static_cast<size_t>(n < count ? n : count);
  };
  return {line, static_cast<ptrdiff_t>(first), below(0), below(g.in[2])};
}

// Rows of the window for output lines [line, line + count), counted through all images.
void FillRows(const ConvGeometry& g, const Window& w, const uint8_t* x, size_t line, size_t count,
              size_t pixel, size_t columns, DepthwiseRow* rows) {
  const int64_t first = static_cast<int64_t>(pixel) * g.stride[2] - g.pad[2];
  for (size_t i = 0; i < count; ++i) {
    const PixelPosition at(g, (line + i) * static_cast<size_t>(g.out[2]));
    for (size_t t = 0; t < w.taps.rows; ++t) {
      const auto along = static_cast<int64_t>(w.taps.turned ? t : 0);
      const auto tap = static_cast<int64_t>(w.taps.turned ? 0 : t);
      *rows++ = RowOf(g, w, LineOf(g, x, at, tap), first + along * g.dilation[2], columns);
    }
  }
}

const std::byte* Advance(const void* p, size_t bytes) {
  return p == nullptr ? nullptr : static_cast<const std::byte*>(p) + bytes;
}

}  // namespace

Status RunDepthwiseInt8(const ConvGeometry& g, const RunContext& context) {
  const auto& state = context.State<State>();
  const Tensor &x = *context.In(0), &y = *context.Out(0);
  const Tensor* addend = context.In(3);
  if (y.Elements() == 0) return Ok();
  const Window window(g, context.In(1)->shape);
  const ScratchLayout layout(state, window);
  const auto channels = static_cast<size_t>(g.channels), line = static_cast<size_t>(g.out[2]);
  auto* padding =
      reinterpret_cast<uint8_t*>(context.scratch + layout.thread * context.threads->threads());
  FillPadding(context.In(4), x, padding, channels);
  const MatmulQuant quant = StaticQuant(context, state.clamp.lower, state.clamp.upper);
  DepthwiseInt8Args shared{};
  shared.kernel_rows = window.taps.rows;
  shared.kernel_columns = window.taps.columns;
  shared.stride = window.stride;
  shared.dilation = window.dilation;
  shared.step = window.step;
  shared.padding = padding;
  shared.channels = channels;
  shared.w = context.In(1)->data;
  shared.bias = context.In(2) == nullptr ? nullptr : context.In(2)->Data<float>();
  shared.lower = state.clamp.lower;
  shared.upper = state.clamp.upper;
  shared.quant = &quant;
  const size_t pieces = (line + state.pixels - 1) / state.pixels;
  const size_t lines = Lines(g), tasks = (lines + state.lines - 1) / state.lines * pieces;
  context.threads->ForEach(tasks, [&](size_t task, size_t thread) {
    std::byte* scratch = context.scratch + thread * layout.thread;
    auto* rows = reinterpret_cast<DepthwiseRow*>(scratch);
    const size_t first = task / pieces * state.lines, pixel = task % pieces * state.pixels;
    DepthwiseInt8Args args = shared;
    args.lines = lines - first < state.lines ? lines - first : state.lines;
    args.pixels = line - pixel < state.pixels ? line - pixel : state.pixels;
    args.columns = window.Columns(args.pixels);
    FillRows(g, window, x.Data<uint8_t>(), first, args.lines, pixel, args.columns, rows);
    args.rows = rows;
    args.scratch = scratch + layout.rows;
    const size_t offset = (first * line + pixel) * channels * SizeOf(y.dtype);
    args.addend = addend == nullptr ? nullptr : Advance(addend->data, offset);
    args.c = y.Data<std::byte>() + offset;
    state.kernel->run(args);
    if (state.activate == nullptr) return;
    auto* floats = static_cast<float*>(args.c);  // the lines of a task lie in one piece
    state.activate(&state.activation, floats, floats, args.lines * args.pixels * channels);
  });
  return Ok();
}

}  // namespace pare
