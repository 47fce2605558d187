// y = act(transposed conv(x, w) + bias), channels-last. Output pixels whose positions leave the
// same remainders by the strides (a phase) see the same filter taps: each phase is a convolution of
// its own, and runs as a matrix product on the taps that it has.
#include <cstring>

#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/activation.h"
#include "runtime/ops/support/conv_blocks.h"
#include "runtime/ops/support/conv_geometry.h"
#include "runtime/ops/support/conv_weight.h"
#include "runtime/ops/support/gemm.h"

namespace pare {
namespace {

constexpr int64_t kMostPhases = 1 << 16;

Status Infer(const NodeView& node) {
  const ConvGeometry g = PARE_TRY(GeometryOfConvTranspose(node));
  PARE_TRY(CheckConvOperands(node, g));
  if (node.In(1)->layout == Layout::kDepthwise16)
    return ShapeError("a transposed convolution takes plain or T16 weights");
  SetOutput(node, 0, DType::kF32, OutputShapeOf(g));
  return Ok();
}

// A phase in one dimension: output positions first, first + stride, ... and the taps that reach
// them: tap, tap + tap_step, ...; tap number j reads input position `from - j * back` for the first
// of the outputs, and one more for each next.
struct Phase {
  int64_t first = 0, count = 0;
  int64_t tap = 0, tap_step = 1, taps = 0;
  int64_t from = 0, back = 0;
};

int64_t Gcd(int64_t a, int64_t b) { return b == 0 ? a : Gcd(b, a % b); }

// The phase of outputs y with y % stride == remainder. Tap k reads (y + pad - k * dilation) /
// stride where that division is exact.
Phase PhaseOf(const ConvGeometry& g, int d, int64_t remainder) {
  Phase p;
  const int64_t stride = g.stride[d], dilation = g.dilation[d];
  p.first = remainder;
  p.count = remainder < g.out[d] ? (g.out[d] - 1 - remainder) / stride + 1 : 0;
  p.tap_step = stride / Gcd(stride, dilation);
  const int64_t position = remainder + g.pad[d];
  p.tap = g.kernel[d];
  for (int64_t k = 0; k < g.kernel[d] && k < p.tap_step; ++k) {
    if ((position - k * dilation) % stride == 0) {
      p.tap = k;
      break;
    }
  }
  if (p.tap < g.kernel[d]) {
    p.taps = (g.kernel[d] - 1 - p.tap) / p.tap_step + 1;
    p.from = (position - p.tap * dilation) / stride;
    p.back = p.tap_step * dilation / stride;
  }
  return p;
}

// The operands of a phase's product.
struct Operands {
  const ConvGeometry* g;
  Phase phase[kSpatial];
  const float* x;
  const void* w;
  const float* zeros;
  float* y;
};

size_t MostTaps(const ConvGeometry& g) {
  size_t taps = 1;
  for (int d = 0; d < kSpatial; ++d) {
    const int64_t step = g.stride[d] / Gcd(g.stride[d], g.dilation[d]);
    taps *= static_cast<size_t>((g.kernel[d] + step - 1) / step);
  }
  return taps;
}

// One group of the Gemm is one line of output and one group of channels.
GemmSize SizeOf(const ConvGeometry& g, const Phase* phase, DType weight) {
  GemmSize s{};
  s.groups = static_cast<size_t>(g.batch * phase[0].count * phase[1].count * g.group);
  s.m = static_cast<size_t>(phase[2].count);
  s.n = static_cast<size_t>(g.filters / g.group);
  s.taps = static_cast<size_t>(phase[0].taps * phase[1].taps * phase[2].taps);
  s.k = g.Depth();
  s.b_k = g.Taps() * s.k;
  s.b = weight;
  return s;
}

struct State {
  ActivationParams activation;
  CpuMask cpu;
  uint64_t thread_scratch;  // the most that a phase needs
};

template <class F>
Status ForEachPhase(const ConvGeometry& g, const F& f) {
  Phase phase[kSpatial];
  for (int64_t z = 0; z < g.stride[0] && z < g.out[0]; ++z) {
    phase[0] = PhaseOf(g, 0, z);
    for (int64_t y = 0; y < g.stride[1] && y < g.out[1]; ++y) {
      phase[1] = PhaseOf(g, 1, y);
      for (int64_t x = 0; x < g.stride[2] && x < g.out[2]; ++x) {
        phase[2] = PhaseOf(g, 2, x);
        PARE_TRY(f(phase));
      }
    }
  }
  return Ok();
}

uint64_t TapBytes(const ConvGeometry& g) { return AlignUp(MostTaps(g) * sizeof(uint32_t)); }
uint64_t ZeroBytes(const ConvGeometry& g) { return AlignUp(g.Depth() * sizeof(float)); }

Status PlanConvTranspose(PlanContext& context) {
  const ConvGeometry g = PARE_TRY(GeometryOfConvTranspose(context));
  const Tensor& w = *context.In(1);
  if (IsBlocks(g, w)) {
    return PlanBlocks(g, FromAttributes(context.Attributes<fb::ConvTranspose>().activation()),
                      context);
  }
  int64_t phases = 1;
  for (int d = 0; d < kSpatial; ++d) {
    phases *= g.stride[d] < g.out[d] ? g.stride[d] : g.out[d];
    if (phases > kMostPhases)
      return Error(Code::kUnsupported, "the strides of a transposed convolution are too large");
  }
  if (g.Taps() * g.Depth() > UINT32_MAX)
    return Error(Code::kUnsupported, "the window of a transposed convolution is too large");
  auto* state = context.NewState<State>();
  state->activation = FromAttributes(context.Attributes<fb::ConvTranspose>().activation());
  state->cpu = context.cpu;
  const uint64_t packed = PARE_TRY(PackedWeightBytes(w));
  PARE_TRY(ForEachPhase(g, [&](const Phase* phase) -> Status {
    GemmPlan plan;
    PARE_TRY(PlanGemm(SizeOf(g, phase, packed == 0 ? w.dtype : DType::kF32), 1, state->activation,
                      context.cpu, context.threads, &plan));
    if (plan.thread_scratch > state->thread_scratch) state->thread_scratch = plan.thread_scratch;
    context.kernel = plan.kernel->name;
    return Ok();
  }));
  context.scratch_bytes =
      state->thread_scratch * context.threads + packed + TapBytes(g) + ZeroBytes(g);
  return Ok();
}

// Output line `group / g.group` of the phase: batch, z and y positions.
void LineOf(const Operands& o, size_t group, int64_t* batch, int64_t* z, int64_t* y) {
  auto line = static_cast<int64_t>(group) / o.g->group;
  *y = line % o.phase[1].count;
  line /= o.phase[1].count;
  *z = line % o.phase[0].count;
  *batch = line / o.phase[0].count;
}

void Locate(const GemmProblem& problem, size_t group, GemmGroup* out) {
  const auto& o = *static_cast<const Operands*>(problem.context);
  const ConvGeometry& g = *o.g;
  int64_t batch, z, y;
  LineOf(o, group, &batch, &z, &y);
  z = o.phase[0].first + z * g.stride[0];
  y = o.phase[1].first + y * g.stride[1];
  const int64_t pixel = ((batch * g.out[0] + z) * g.out[1] + y) * g.out[2] + o.phase[2].first;
  out->b = o.w;
  out->c = o.y + pixel * g.filters;
  out->column = group % static_cast<size_t>(g.group) * problem.size.n;
}

void Point(const GemmProblem& problem, size_t group, size_t row, size_t count,
           const void** pointers, void*) {
  const auto& o = *static_cast<const Operands*>(problem.context);
  const ConvGeometry& g = *o.g;
  int64_t batch, z, y;
  LineOf(o, group, &batch, &z, &y);
  const float* x = o.x + group % static_cast<size_t>(g.group) * g.Depth();
  for (int64_t i = 0; i < o.phase[0].taps; ++i) {
    const int64_t iz = o.phase[0].from + z - i * o.phase[0].back;
    for (int64_t j = 0; j < o.phase[1].taps; ++j) {
      const int64_t iy = o.phase[1].from + y - j * o.phase[1].back;
      const bool inside = iz >= 0 && iz < g.in[0] && iy >= 0 && iy < g.in[1];
      const int64_t line = ((batch * g.in[0] + iz) * g.in[1] + iy) * g.in[2];
      for (int64_t k = 0; k < o.phase[2].taps; ++k) {
        int64_t ix = o.phase[2].from + static_cast<int64_t>(row) - k * o.phase[2].back;
        for (size_t r = 0; r < count; ++r, ++ix)
          *pointers++ = inside && ix >= 0 && ix < g.in[2] ? x + (line + ix) * g.channels : o.zeros;
      }
    }
  }
}

// The first k of each tap of the phase in a filter.
void ListTaps(const ConvGeometry& g, const Phase* phase, uint32_t* tap_k) {
  for (int64_t i = 0; i < phase[0].taps; ++i) {
    for (int64_t j = 0; j < phase[1].taps; ++j) {
      for (int64_t k = 0; k < phase[2].taps; ++k) {
        const int64_t z = phase[0].tap + i * phase[0].tap_step;
        const int64_t y = phase[1].tap + j * phase[1].tap_step;
        const int64_t x = phase[2].tap + k * phase[2].tap_step;
        *tap_k++ = static_cast<uint32_t>(((z * g.kernel[1] + y) * g.kernel[2] + x) *
                                         static_cast<int64_t>(g.Depth()));
      }
    }
  }
}

Status Run(const RunContext& context) {
  const ConvGeometry g = PARE_TRY(GeometryOfConvTranspose(context));
  const Tensor& w = *context.In(1);
  if (IsBlocks(g, w)) return RunBlocks(g, context);
  const auto& state = context.State<State>();
  const size_t threads = context.threads->threads();
  const uint64_t packed = PARE_TRY(PackedWeightBytes(w));
  std::byte* scratch = context.scratch + state.thread_scratch * threads;
  auto* tap_k = reinterpret_cast<uint32_t*>(scratch + packed);
  auto* zeros = reinterpret_cast<float*>(scratch + packed + TapBytes(g));
  std::memset(zeros, 0, ZeroBytes(g));
  Operands o{&g, {}, context.In(0)->Data<float>(), w.data, zeros, context.Out(0)->Data<float>()};
  if (packed != 0) {
    PackWeight(w, reinterpret_cast<float*>(scratch), *context.threads);
    o.w = scratch;
  }
  GemmProblem problem{};
  problem.columns = static_cast<size_t>(g.filters);
  problem.c_stride = static_cast<size_t>(g.stride[2] * g.filters);
  problem.bias = context.In(2) == nullptr ? nullptr : context.In(2)->Data<float>();
  problem.tap_k = tap_k;
  problem.context = &o;
  problem.locate = Locate;
  problem.point = Point;
  return ForEachPhase(g, [&](const Phase* phase) -> Status {
    problem.size = SizeOf(g, phase, packed == 0 ? w.dtype : DType::kF32);
    for (int d = 0; d < kSpatial; ++d) o.phase[d] = phase[d];
    ListTaps(g, phase, tap_k);
    GemmPlan plan;
    PARE_TRY(PlanGemm(problem.size, 1, state.activation, state.cpu, threads, &plan));
    plan.thread_scratch = state.thread_scratch;
    RunGemm(plan, problem, context.scratch, *context.threads);
    return Ok();
  });
}

}  // namespace

extern const OpDef kConvTransposeOp = {"ConvTranspose", 2, 3, 1, 1, Infer, PlanConvTranspose, Run};

}  // namespace pare
