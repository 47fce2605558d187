#include "runtime/ops/support/conv_blocks.h"

#include <cstring>

#include "runtime/core/arena.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/support/gemm.h"

namespace pare {
namespace {

// The weight is rearranged by each run: more elements than this cost more than they save.
constexpr size_t kMostWeights = 1 << 16;

// Lines of a filter, and the columns that each makes.
size_t Lines(const ConvGeometry& g) { return static_cast<size_t>(g.kernel[0] * g.kernel[1]); }
size_t Columns(const ConvGeometry& g) { return static_cast<size_t>(g.kernel[2] * g.filters); }

// A group is an input line with a line of the filters.
GemmSize SizeOf(const ConvGeometry& g) {
  GemmSize s{};
  s.groups = static_cast<size_t>(g.batch * g.in[0] * g.in[1]) * Lines(g);
  s.m = static_cast<size_t>(g.in[2]);
  s.n = Columns(g);
  s.taps = 1;
  s.k = s.b_k = g.Depth();
  s.b = DType::kF32;
  return s;
}

// Of a line of the filters.
uint64_t WeightBytes(const ConvGeometry& g) {
  return PackedBytesT16(DType::kF32, Columns(g), g.Depth());
}
uint64_t BiasBytes(const ConvGeometry& g) { return AlignUp(Columns(g) * sizeof(float)); }

// packed[line][tap * filters + filter][k] = w[filter][line][tap][k], which is T16 or plain.
void Rearrange(const ConvGeometry& g, const Tensor& w, float* packed) {
  const size_t k = g.Depth(), row = g.Taps() * k, filters = static_cast<size_t>(g.filters);
  const bool panels = w.layout == Layout::kT16;
  const size_t step = panels ? kPanelRows : 1;
  for (size_t line = 0; line < Lines(g); ++line, packed += WeightBytes(g) / sizeof(float)) {
    for (size_t i = 0; i < Columns(g); ++i) {
      const size_t tap = line * static_cast<size_t>(g.kernel[2]) + i / filters, f = i % filters;
      float* lane = packed + i / kPanelRows * kPanelRows * k + i % kPanelRows;
      const float* first = w.Data<float>() +
                           (panels ? f / kPanelRows * kPanelRows * row + f % kPanelRows : f * row) +
                           tap * k * step;
      for (size_t j = 0; j < k; ++j) lane[j * kPanelRows] = first[j * step];
    }
  }
}

struct Operands {
  const ConvGeometry* g;
  const float* x;
  const float* w;
  float* y;
};

void Locate(const GemmProblem& problem, size_t group, GemmGroup* out) {
  const auto& o = *static_cast<const Operands*>(problem.context);
  const ConvGeometry& g = *o.g;
  const size_t line = group % Lines(g), from = group / Lines(g);
  const auto high = static_cast<size_t>(g.in[1]), kernel = static_cast<size_t>(g.kernel[1]);
  // Through batch and depth: out[0] = in[0] * kernel[0].
  const size_t z = from / high * static_cast<size_t>(g.kernel[0]) + line / kernel;
  const size_t y = from % high * kernel + line % kernel;
  out->a = o.x + from * problem.size.m * problem.size.k;
  out->b = o.w + line * WeightBytes(g) / sizeof(float);
  out->c = o.y + (z * high * kernel + y) * problem.size.m * problem.size.n;
}

}  // namespace

bool IsBlocks(const ConvGeometry& g, const Tensor& w) {
  if (w.dtype != DType::kF32 || g.group != 1 || g.filters % static_cast<int64_t>(kPanelRows) == 0)
    return false;
  for (int d = 0; d < kSpatial; ++d) {
    if (g.kernel[d] != g.stride[d] || g.dilation[d] != 1 || g.pad[d] != 0 ||
        g.out[d] != g.in[d] * g.stride[d])
      return false;
  }
  return Lines(g) * Columns(g) * g.Depth() <= kMostWeights;
}

Status PlanBlocks(const ConvGeometry& g, const ActivationParams& activation, PlanContext& context) {
  auto* plan = context.NewState<GemmPlan>();
  PARE_TRY(PlanGemm(SizeOf(g), 1, activation, context.cpu, context.threads, plan));
  context.scratch_bytes =
      plan->thread_scratch * context.threads + WeightBytes(g) * Lines(g) + BiasBytes(g);
  context.kernel = plan->kernel->name;
  return Ok();
}

Status RunBlocks(const ConvGeometry& g, const RunContext& context) {
  const auto& plan = context.State<GemmPlan>();
  auto* w =
      reinterpret_cast<float*>(context.scratch + plan.thread_scratch * context.threads->threads());
  float* bias = w + WeightBytes(g) * Lines(g) / sizeof(float);
  std::memset(w, 0, WeightBytes(g) * Lines(g));
  Rearrange(g, *context.In(1), w);
  const Operands o{&g, context.In(0)->Data<float>(), w, context.Out(0)->Data<float>()};
  GemmProblem problem{};
  problem.size = SizeOf(g);
  problem.columns = problem.c_stride = Columns(g);
  problem.a_stride = g.Depth();
  if (const Tensor* b = context.In(2)) {
    for (size_t i = 0; i < Columns(g); ++i)
      bias[i] = b->Data<float>()[i % static_cast<size_t>(g.filters)];
    problem.bias = bias;
  }
  problem.context = &o;
  problem.locate = Locate;
  RunGemm(plan, problem, context.scratch, *context.threads);
  return Ok();
}

}  // namespace pare
