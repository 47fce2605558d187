#include "runtime/ops/support/conv_depthwise.h"

#include <cstring>
#include <limits>

#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/kernels/depthwise/depthwise.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/support/activation.h"
#include "runtime/ops/support/conv_points.h"
#include "runtime/ops/support/conv_weight.h"

namespace pare {
namespace {

constexpr size_t kPointers = 2048;        // of a task
constexpr size_t kMostPixels = 128;       // of a task
constexpr size_t kMinProducts = 1 << 15;  // of a task: less is not worth a hand-over
constexpr size_t kTasksPerThread = 4;

struct State {
  const DepthwiseKernel* kernel;
  UnaryFn activate;  // what the kernel's clamp cannot do, or null
  ActivationParams activation;
  float lower, upper;
};

size_t Pixels(const ConvGeometry& g) { return static_cast<size_t>(g.batch) * g.OutPixels(); }

// The most pixels of a task, by what their pointers take.
size_t MostPixels(const ConvGeometry& g) {
  const size_t fit = kPointers / g.Taps();
  return fit == 0 ? 1 : fit < kMostPixels ? fit : kMostPixels;
}

size_t TaskPixels(const ConvGeometry& g, size_t threads) {
  const size_t cost = static_cast<size_t>(g.channels) * g.Taps();
  const size_t even = Pixels(g) / (threads * kTasksPerThread) + 1;
  const size_t least = kMinProducts / cost + 1;
  const size_t wanted = even > least ? even : least;
  const size_t most = MostPixels(g);
  return wanted < most ? wanted : most;
}

uint64_t PointerBytes(const ConvGeometry& g) {
  return AlignUp(MostPixels(g) * g.Taps() * sizeof(float*));
}

}  // namespace

Status PlanDepthwise(const ConvGeometry& g, const ActivationParams& activation,
                     PlanContext& context) {
  auto* state = context.NewState<State>();
  state->kernel = SelectDepthwise(context.cpu);
  state->activation = activation;
  state->lower = -std::numeric_limits<float>::infinity();
  state->upper = std::numeric_limits<float>::infinity();
  const auto kind = static_cast<fb::UnaryKind>(activation.kind);
  if (kind == fb::UnaryKind::Relu) {
    state->lower = 0;
  } else if (kind == fb::UnaryKind::Clip) {
    state->lower = activation.alpha;
    state->upper = activation.beta;
  } else {
    state->activate = PARE_TRY(SelectActivation(activation, context.cpu));
  }
  const uint64_t weight = PARE_TRY(DepthwiseWeightBytes(*context.In(1)));
  const uint64_t zeros = AlignUp(static_cast<size_t>(g.channels) * sizeof(float));
  context.scratch_bytes = weight + zeros + PointerBytes(g) * context.threads;
  context.kernel = state->kernel->name;
  return Ok();
}

Status RunDepthwise(const ConvGeometry& g, const RunContext& context) {
  const auto& state = context.State<State>();
  const Tensor& w = *context.In(1);
  const uint64_t weight_bytes = PARE_TRY(DepthwiseWeightBytes(w));
  const auto channels = static_cast<size_t>(g.channels);
  std::byte* scratch = context.scratch + weight_bytes;
  auto* zeros = reinterpret_cast<float*>(scratch);
  std::memset(zeros, 0, channels * sizeof(float));
  scratch += AlignUp(channels * sizeof(float));
  DepthwiseArgs shared{};
  shared.taps = g.Taps();
  shared.channels = channels;
  shared.w = w.Data<float>();
  if (weight_bytes != 0) {
    auto* packed = reinterpret_cast<float*>(context.scratch);
    PackDepthwiseWeight(w, packed);
    shared.w = packed;
  }
  shared.bias = context.In(2) == nullptr ? nullptr : context.In(2)->Data<float>();
  shared.lower = state.lower;
  shared.upper = state.upper;
  shared.c_stride = shared.addend_stride = channels;
  const float* x = context.In(0)->Data<float>();
  const float* addend = context.In(3) == nullptr ? nullptr : context.In(3)->Data<float>();
  float* y = context.Out(0)->Data<float>();
  const size_t pixels = Pixels(g), step = TaskPixels(g, context.threads->threads());
  context.threads->ForEach((pixels + step - 1) / step, [&](size_t task, size_t thread) {
    auto** pointers = reinterpret_cast<const float**>(scratch + thread * PointerBytes(g));
    DepthwiseArgs args = shared;
    const size_t row = task * step;
    args.pixels = pixels - row < step ? pixels - row : step;
    PointConv(g, x, zeros, row, args.pixels, pointers, args.taps, 1);
    args.x = pointers;
    args.addend = addend == nullptr ? nullptr : addend + row * channels;
    args.c = y + row * channels;
    state.kernel->run(args);
    if (state.activate != nullptr)
      state.activate(&state.activation, args.c, args.c, args.pixels * channels);
  });
  return Ok();
}

}  // namespace pare
