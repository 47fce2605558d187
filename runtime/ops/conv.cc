// y = act(conv(x, w) + bias + addend), channels-last, as a matrix product whose rows are pointers
// into x: no copy of the input. Depthwise convolutions have a kernel of their own.
#include <cstring>

#include "built_layouts.h"
#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/activation.h"
#include "runtime/ops/support/conv_depthwise.h"
#include "runtime/ops/support/conv_geometry.h"
#include "runtime/ops/support/conv_int8.h"
#include "runtime/ops/support/conv_pair.h"
#include "runtime/ops/support/conv_points.h"
#include "runtime/ops/support/conv_weight.h"
#include "runtime/ops/support/gemm.h"

namespace pare {
namespace {

// Fewer channels than this make taps too short for the kernels: a tap is then a whole line of the
// window.
constexpr size_t kShortTap = 24;

bool TapsAreLines(const ConvGeometry& g) {
  return g.group == 1 && g.dilation[2] == 1 && g.kernel[2] > 1 && g.Depth() < kShortTap;
}

Status Infer(const NodeView& node) {
  const ConvGeometry g = PARE_TRY(GeometryOfConv(node));
  PARE_TRY(CheckConvOperands(node, g));
  const Layout layout = node.In(1)->layout;
  if (kBuiltLowBit && IsLowBit(layout)) return InferConvInt8(g, node);
  if (node.In(0)->dtype != DType::kF32 || node.Out(0)->IsQuantized())
    return Error(Code::kUnsupported, "a quantized convolution has a low-bit weight");
  if (layout == Layout::kDepthwise16 && !IsDepthwise(g))
    return ShapeError("a depthwise weight belongs to a convolution with a group for each channel");
  SetOutput(node, 0, DType::kF32, OutputShapeOf(g));
  return Ok();
}

GemmSize SizeOf(const ConvGeometry& g, DType weight) {
  GemmSize s{};
  s.groups = static_cast<size_t>(g.group);
  s.m = static_cast<size_t>(g.batch) * g.OutPixels();
  s.n = static_cast<size_t>(g.filters / g.group);
  s.taps = g.Taps();
  s.k = g.Depth();
  s.b_k = s.taps * s.k;
  s.b = weight;
  if (TapsAreLines(g)) {
    s.taps /= static_cast<size_t>(g.kernel[2]);
    s.k *= static_cast<size_t>(g.kernel[2]);
    s.patch = s.taps * s.k;
  }
  return s;
}

// A tap outside x reads these; each group its own channels.
size_t PaddingFloats(const ConvGeometry& g, const GemmSize& size) {
  const auto channels = static_cast<size_t>(g.channels);
  return size.k > channels ? size.k : channels;
}

Status PlanConv(PlanContext& context) {
  const ConvGeometry g = PARE_TRY(GeometryOfConv(context));
  const Tensor& w = *context.In(1);
  const ActivationParams activation = FromAttributes(context.Attributes<fb::Conv>().activation());
  if (kBuiltLowBit && IsLowBit(w.layout)) return PlanConvInt8(g, activation, context);
  if (IsDepthwise(g)) return PlanDepthwise(g, activation, context);
  auto* plan = context.NewState<GemmPlan>();
  const uint64_t packed = PARE_TRY(PackedWeightBytes(w));
  const GemmSize size = SizeOf(g, packed == 0 ? w.dtype : DType::kF32);
  PARE_TRY(PlanGemm(size, 1, activation, context.cpu, context.threads, plan));
  const uint64_t zeros = AlignUp(PaddingFloats(g, size) * sizeof(float));
  context.scratch_bytes = plan->thread_scratch * context.threads + packed + zeros;
  context.kernel = plan->kernel->name;
  return Ok();
}

struct Operands {
  const ConvGeometry* g;
  const float* x;
  const void* w;
  const float* addend;
  const float* padding;
  float* y;
};

void Locate(const GemmProblem& problem, size_t group, GemmGroup* out) {
  const auto& o = *static_cast<const Operands*>(problem.context);
  out->a = o.x + group * o.g->Depth();
  out->b = o.w;
  out->addend = o.addend;
  out->c = o.y;
  out->column = group * problem.size.n;
}

void Point(const GemmProblem& problem, size_t group, size_t row, size_t count,
           const void** pointers, void*) {
  const auto& o = *static_cast<const Operands*>(problem.context);
  const size_t first = group * o.g->Depth();
  PointConv(*o.g, o.x + first, o.padding + first, row, count, pointers, 1, count);
}

// Copies the line of a window that starts at position `left` of an input line, padding outside.
void CopyLine(const ConvGeometry& g, const float* line, const float* padding, int64_t left,
              float* copy) {
  const int64_t end = left + g.kernel[2] < g.in[2] ? left + g.kernel[2] : g.in[2];
  const int64_t begin = left < 0 ? 0 : left;
  std::memcpy(copy, padding, static_cast<size_t>(g.kernel[2] * g.channels) * sizeof(float));
  if (begin >= end) return;
  std::memcpy(copy + (begin - left) * g.channels, line + begin * g.channels,
              static_cast<size_t>((end - begin) * g.channels) * sizeof(float));
}

// Taps that are lines of the window: pointers into x, or to a copy where the line leaves it.
void PointLines(const GemmProblem& problem, size_t, size_t row, size_t count, const void** pointers,
                void* patch) {
  const auto& o = *static_cast<const Operands*>(problem.context);
  const ConvGeometry& g = *o.g;
  ForEachLine(g, row, count, [&](const PixelPosition& at, size_t first, size_t n) {
    for (int64_t t = 0; t < g.kernel[0] * g.kernel[1]; ++t) {
      const float* line = LineOf(g, o.x, at, t);
      const void** out = pointers + static_cast<size_t>(t) * count + first;
      int64_t left = at.y[2] * g.stride[2] - g.pad[2];
      for (size_t i = 0; i < n; ++i, left += g.stride[2]) {
        if (line == nullptr) {
          out[i] = o.padding;
        } else if (left >= 0 && left + g.kernel[2] <= g.in[2]) {
          out[i] = line + left * g.channels;
        } else {
          float* copy = static_cast<float*>(patch) + (first + i) * problem.size.patch +
                        static_cast<size_t>(t) * problem.size.k;
          CopyLine(g, line, o.padding, left, copy);
          out[i] = copy;
        }
      }
    }
  });
}

Status Run(const RunContext& context) {
  const ConvGeometry g = PARE_TRY(GeometryOfConv(context));
  const Tensor& w = *context.In(1);
  if (kBuiltLowBit && IsLowBit(w.layout)) return RunConvInt8(g, context);
  if (IsDepthwise(g)) return RunDepthwise(g, context);
  const auto& plan = context.State<GemmPlan>();
  const uint64_t packed = PARE_TRY(PackedWeightBytes(w));
  std::byte* scratch = context.scratch + plan.thread_scratch * context.threads->threads();
  auto* padding = reinterpret_cast<float*>(scratch + packed);
  GemmProblem problem{};
  problem.size = SizeOf(g, packed == 0 ? w.dtype : DType::kF32);
  FillPadding(context.In(4), padding, PaddingFloats(g, problem.size));
  Operands o{&g, context.In(0)->Data<float>(), w.data, nullptr, padding, nullptr};
  if (packed != 0) {
    PackWeight(w, reinterpret_cast<float*>(scratch), *context.threads);
    o.w = scratch;
  }
  o.addend = context.In(3) == nullptr ? nullptr : context.In(3)->Data<float>();
  o.y = context.Out(0)->Data<float>();
  problem.columns = static_cast<size_t>(g.filters);
  problem.a_stride = static_cast<size_t>(g.channels);
  problem.addend_stride = problem.c_stride = problem.columns;
  problem.bias = context.In(2) == nullptr ? nullptr : context.In(2)->Data<float>();
  problem.context = &o;
  problem.locate = Locate;
  if (!g.IsPointwise()) problem.point = TapsAreLines(g) ? PointLines : Point;
  RunGemm(plan, problem, context.scratch, *context.threads);
  return Ok();
}

}  // namespace

extern const OpDef kConvOp = {"Conv", 2, 5, 1, 1, Infer, PlanConv, Run, JoinConv};

}  // namespace pare
