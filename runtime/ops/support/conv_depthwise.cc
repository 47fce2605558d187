#include "runtime/ops/support/conv_depthwise.h"

#include "runtime/core/arena.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/support/activation.h"
#include "runtime/ops/support/conv_pair.h"
#include "runtime/ops/support/conv_points.h"
#include "runtime/ops/support/conv_weight.h"

namespace pare {
namespace {

constexpr size_t kPointers = 2048;        // of a task
constexpr size_t kMostPixels = 128;       // of a task
constexpr size_t kMinProducts = 1 << 15;  // of a task: less is not worth a hand-over
constexpr size_t kTasksPerThread = 4;
constexpr int64_t kShortLine = 3;

size_t RoundUp(size_t a, size_t b) { return (a + b - 1) / b * b; }

struct State {
  const DepthwiseKernel* kernel;
  UnaryFn activate;  // what the kernel's clamp cannot do, or null
  ActivationParams activation;
  ClampBounds clamp;
};

size_t Pixels(const ConvGeometry& g) { return static_cast<size_t>(g.batch) * g.OutPixels(); }

// How a kernel is called: for the pixels of one line, whose windows share columns of the input; or,
// where they share none or lines are short, for any pixels, with pointers of their own.
struct Access {
  explicit Access(const ConvGeometry& g)
      : share(g.dilation[2] == 1 && g.stride[2] < g.kernel[2] && g.out[2] > kShortLine),
        lines(share ? static_cast<size_t>(g.kernel[0] * g.kernel[1]) : 1),
        width(g.Taps() / lines),
        step(share ? static_cast<size_t>(g.stride[2]) : width) {}
  // Of a line, for whole tiles.
  size_t Columns(size_t pixels) const {
    return (RoundUp(pixels, kDepthwisePixels) - 1) * step + width;
  }
  bool share;
  size_t lines, width, step;
};

// The most pixels of a task, by what their pointers take.
size_t MostPixels(const ConvGeometry& g) {
  const Access access(g);
  size_t pixels = kMostPixels;
  while (pixels > 1 && access.lines * access.Columns(pixels) > kPointers) pixels /= 2;
  return pixels;
}

size_t TaskPixels(const ConvGeometry& g, size_t threads) {
  const size_t cost = static_cast<size_t>(g.channels) * g.Taps();
  const size_t even = Pixels(g) / (threads * kTasksPerThread) + 1;
  const size_t least = kMinProducts / cost + 1;
  const size_t wanted = even > least ? even : least;
  const size_t most = MostPixels(g);
  return wanted < most ? wanted : most;
}

// Enough for every size of the image.
uint64_t PointerBytes(const ConvGeometry& g) {
  const size_t tile = kDepthwisePixels * g.Taps();
  return AlignUp((tile > kPointers ? tile : kPointers) * sizeof(float*));
}

// Runs the kernel for pixels [row, row + count) of the output; args has what they share.
void RunPixels(const DepthwiseKernel& kernel, const ConvGeometry& g, const float* x,
               const float* zeros, size_t row, size_t count, const float** pointers,
               DepthwiseArgs args) {
  const Access access(g);
  float* c = args.c;
  const float* addend = args.addend;
  const auto run = [&](size_t first, size_t n) {
    args.pixels = n;
    args.c = c + first * args.c_stride;
    args.addend = addend == nullptr ? nullptr : addend + first * args.addend_stride;
    kernel.run(args);
  };
  args.x = pointers;
  args.lines = access.lines;
  args.width = access.width;
  args.step = access.step;
  if (!access.share) {
    PointConv(g, x, zeros, row, count, pointers, args.width, 1);
    for (size_t i = count * args.width; i < access.Columns(count); ++i) pointers[i] = zeros;
    return run(0, count);
  }
  ForEachLine(g, row, count, [&](const PixelPosition& at, size_t first, size_t n) {
    args.line_stride = access.Columns(n);
    for (size_t t = 0; t < access.lines; ++t) {
      PointLine(g, LineOf(g, x, at, static_cast<int64_t>(t)), zeros,
                at.y[2] * g.stride[2] - g.pad[2], 1, args.line_stride,
                pointers + t * args.line_stride, 1);
    }
    run(first, n);
  });
}

}  // namespace

bool IsDepthwise(const ConvGeometry& g) { return g.group == g.channels && g.group == g.filters; }

Status PlanDepthwise(const ConvGeometry& g, const ActivationParams& activation,
                     PlanContext& context) {
  auto* state = context.NewState<State>();
  state->kernel = SelectDepthwise(context.cpu);
  state->activation = activation;
  if (!ClampOf(activation, &state->clamp))
    state->activate = PARE_TRY(SelectActivation(activation, context.cpu));
  const uint64_t weight = PARE_TRY(DepthwiseWeightBytes(*context.In(1)));
  const uint64_t zeros = AlignUp(static_cast<size_t>(g.channels) * sizeof(float));
  context.scratch_bytes = weight + zeros + PointerBytes(g) * context.threads;
  context.kernel = state->kernel->name;
  return Ok();
}

DepthwiseConv::DepthwiseConv(const ConvGeometry& g, const RunContext& context)
    : context_(context), y_(context.Out(0)->Data<float>()), pointer_bytes_(PointerBytes(g)) {
  const auto& state = context.State<State>();
  const Tensor& w = *context.In(1);
  std::byte* scratch = context.scratch;
  args_.channels = static_cast<size_t>(g.channels);
  args_.w = w.Data<float>();
  const Result<uint64_t> weight_bytes = DepthwiseWeightBytes(w);
  if (weight_bytes.ok() && weight_bytes.value() != 0) {
    auto* packed = reinterpret_cast<float*>(scratch);
    PackDepthwiseWeight(w, packed);
    args_.w = packed;
    scratch += weight_bytes.value();
  }
  auto* zeros = reinterpret_cast<float*>(scratch);
  FillPadding(context.In(4), zeros, args_.channels);
  zeros_ = zeros;
  pointers_ = scratch + AlignUp(args_.channels * sizeof(float));
  args_.bias = context.In(2) == nullptr ? nullptr : context.In(2)->Data<float>();
  args_.addend = context.In(3) == nullptr ? nullptr : context.In(3)->Data<float>();
  args_.lower = state.clamp.lower;
  args_.upper = state.clamp.upper;
  args_.c_stride = args_.addend_stride = args_.channels;
}

void DepthwiseConv::Run(const ConvGeometry& g, const float* x, size_t row, size_t count, size_t at,
                        size_t thread) const {
  const auto& state = context_.State<State>();
  auto** pointers = reinterpret_cast<const float**>(pointers_ + thread * pointer_bytes_);
  const size_t step = MostPixels(g);
  for (; count > 0; row += step, at += step * args_.channels) {
    const size_t n = count < step ? count : step;
    DepthwiseArgs args = args_;
    if (args.addend != nullptr) args.addend += at;
    args.c = y_ + at;
    RunPixels(*state.kernel, g, x, zeros_, row, n, pointers, args);
    if (state.activate != nullptr)
      state.activate(&state.activation, args.c, args.c, n * args.channels);
    count -= n;
  }
}

Status RunDepthwise(const ConvGeometry& g, const RunContext& context) {
  if (context.before != nullptr) return RunConvPair(g, context);
  const DepthwiseConv conv(g, context);
  const float* x = context.In(0)->Data<float>();
  const auto channels = static_cast<size_t>(g.channels);
  const size_t pixels = Pixels(g), step = TaskPixels(g, context.threads->threads());
  // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): what TaskPixels chooses from has a "+ 1".
  context.threads->ForEach((pixels + step - 1) / step, [&](size_t task, size_t thread) {
    const size_t row = task * step;
    conv.Run(g, x, row, pixels - row < step ? pixels - row : step, row * channels, thread);
  });
  return Ok();
}

}  // namespace pare
