#include "runtime/ops/support/conv_blocks.h"

#include <cstring>

#include "runtime/core/arena.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/support/gemm.h"

namespace pare {
namespace {

// The weight is rearranged by each run: more elements than this cost more than they save.
constexpr size_t kMostWeights = 1 << 16;

size_t Columns(const ConvGeometry& g) { return g.Taps() * static_cast<size_t>(g.filters); }

GemmSize SizeOf(const ConvGeometry& g) {
  GemmSize s{};
  s.groups = 1;
  s.m = static_cast<size_t>(g.batch) * g.InPixels();
  s.n = Columns(g);
  s.taps = 1;
  s.k = s.b_k = g.Depth();
  s.b = DType::kF32;
  return s;
}

uint64_t WeightBytes(const ConvGeometry& g) {
  return PackedBytesT16(DType::kF32, Columns(g), g.Depth());
}
uint64_t OffsetBytes(const ConvGeometry& g) { return AlignUp(Columns(g) * sizeof(int64_t)); }
uint64_t BiasBytes(const ConvGeometry& g) { return AlignUp(Columns(g) * sizeof(float)); }

// packed[tap * filters + filter][k] = w[filter][tap][k], which is T16 or plain.
void Rearrange(const ConvGeometry& g, const Tensor& w, float* packed) {
  const size_t k = g.Depth(), row = g.Taps() * k;
  const float* source = w.Data<float>();
  for (size_t i = 0; i < Columns(g); ++i) {
    const size_t tap = i / static_cast<size_t>(g.filters), f = i % static_cast<size_t>(g.filters);
    float* lane = packed + i / kPanelRows * kPanelRows * k + i % kPanelRows;
    const size_t step = w.layout == Layout::kT16 ? kPanelRows : 1;
    const float* first = w.layout == Layout::kT16
                             ? source + f / kPanelRows * kPanelRows * row + f % kPanelRows
                             : source + f * row;
    for (size_t j = 0; j < k; ++j) lane[j * kPanelRows] = first[(tap * k + j) * step];
  }
}

struct Operands {
  const ConvGeometry* g;
  const float* x;
  const float* w;
  const int64_t* offsets;  // of columns
  float* y;
};

void Locate(const GemmProblem& problem, size_t, GemmGroup* out) {
  const auto& o = *static_cast<const Operands*>(problem.context);
  out->a = o.x;
  out->b = o.w;
}

// Where each column goes, from its block's first element: column tap * filters + f is filter f of
// the tap's pixel.
void ListOffsets(const ConvGeometry& g, int64_t* offsets) {
  for (int64_t z = 0; z < g.kernel[0]; ++z) {
    for (int64_t y = 0; y < g.kernel[1]; ++y) {
      for (int64_t x = 0; x < g.kernel[2]; ++x) {
        for (int64_t f = 0; f < g.filters; ++f)
          *offsets++ = ((z * g.out[1] + y) * g.out[2] + x) * g.filters + f;
      }
    }
  }
}

// Rows are input pixels.
void Store(const GemmProblem& problem, size_t, size_t row, size_t count, size_t column, size_t n,
           const float* tile, size_t stride) {
  const auto& o = *static_cast<const Operands*>(problem.context);
  const ConvGeometry& g = *o.g;
  const int64_t* offsets = o.offsets + column;
  const auto first = static_cast<int64_t>(row);
  int64_t x = first % g.in[2], y = first / g.in[2] % g.in[1];
  int64_t z = first / g.in[2] / g.in[1];  // through the batch: out[0] = in[0] * stride[0]
  for (size_t i = 0; i < count; ++i, tile += stride) {
    const int64_t pixel =
        (z * g.stride[0] * g.out[1] + y * g.stride[1]) * g.out[2] + x * g.stride[2];
    float* block = o.y + pixel * g.filters;
    for (size_t j = 0; j < n;) {
      float* to = block + offsets[j];
      const float* from = tile + j;
      size_t run = 1;
      while (j + run < n && offsets[j + run] == offsets[j] + static_cast<int64_t>(run)) ++run;
      std::memcpy(to, from, run * sizeof(float));
      j += run;
    }
    if (++x < g.in[2]) continue;
    x = 0;
    if (++y < g.in[1]) continue;
    y = 0;
    ++z;
  }
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
  return Columns(g) * g.Depth() <= kMostWeights;
}

Status PlanBlocks(const ConvGeometry& g, const ActivationParams& activation, PlanContext& context) {
  auto* plan = context.NewState<GemmPlan>();
  PARE_TRY(PlanGemm(SizeOf(g), 1, activation, context.cpu, context.threads, plan));
  context.scratch_bytes =
      plan->thread_scratch * context.threads + WeightBytes(g) + BiasBytes(g) + OffsetBytes(g);
  context.kernel = plan->kernel->name;
  return Ok();
}

Status RunBlocks(const ConvGeometry& g, const RunContext& context) {
  const auto& plan = context.State<GemmPlan>();
  auto* w =
      reinterpret_cast<float*>(context.scratch + plan.thread_scratch * context.threads->threads());
  float* bias = w + WeightBytes(g) / sizeof(float);
  auto* offsets = reinterpret_cast<int64_t*>(bias + BiasBytes(g) / sizeof(float));
  ListOffsets(g, offsets);
  std::memset(w, 0, WeightBytes(g));
  Rearrange(g, *context.In(1), w);
  const Operands o{&g, context.In(0)->Data<float>(), w, offsets, context.Out(0)->Data<float>()};
  GemmProblem problem{};
  problem.size = SizeOf(g);
  problem.columns = Columns(g);
  problem.a_stride = static_cast<size_t>(g.channels);
  if (const Tensor* b = context.In(2)) {
    for (size_t i = 0; i < Columns(g); ++i)
      bias[i] = b->Data<float>()[i % static_cast<size_t>(g.filters)];
    problem.bias = bias;
  }
  problem.context = &o;
  problem.locate = Locate;
  problem.store = Store;
  RunGemm(plan, problem, context.scratch, *context.threads);
  return Ok();
}

}  // namespace pare
