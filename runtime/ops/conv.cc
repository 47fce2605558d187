// y = act(conv(x, w) + bias + addend), channels-last, as a matrix product whose rows are pointers
// into x: no copy of the input. Depthwise convolutions have a kernel of their own.
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
#include "runtime/ops/support/conv_weight.h"
#include "runtime/ops/support/conv_window.h"

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
  const bool depthwise = layout == Layout::kDepthwise16 || layout == Layout::kInt8Depthwise16;
  if (depthwise && !IsDepthwise(g))
    return ShapeError("a depthwise weight belongs to a convolution with a group for each channel");
  if (kBuiltLowBit && IsLowBit(layout)) return InferConvInt8(g, node);
  if (node.In(0)->dtype != DType::kF32 || node.Out(0)->IsQuantized())
    return Error(Code::kUnsupported, "a quantized convolution has a low-bit weight");
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
  const uint64_t zeros = AlignUp(PaddingElements(g, size) * sizeof(float));
  context.scratch_bytes = plan->thread_scratch * context.threads + packed + zeros;
  context.kernel = plan->kernel->name;
  return Ok();
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
  FillPadding(context.In(4), padding, PaddingElements(g, problem.size));
  ConvOperands<float> o{&g,      context.In(0)->Data<float>(),
                        w.data,  context.In(3) == nullptr ? nullptr : context.In(3)->data,
                        padding, context.Out(0)->data};
  if (packed != 0) {
    PackWeight(w, reinterpret_cast<float*>(scratch), *context.threads);
    o.w = scratch;
  }
  problem.columns = static_cast<size_t>(g.filters);
  problem.a_stride = static_cast<size_t>(g.channels);
  problem.addend_stride = problem.c_stride = problem.columns;
  problem.bias = context.In(2) == nullptr ? nullptr : context.In(2)->Data<float>();
  problem.context = &o;
  problem.locate = LocateConv<float>;
  if (!g.IsPointwise()) problem.point = TapsAreLines(g) ? PointLines<float> : PointPixels<float>;
  RunGemm(plan, problem, context.scratch, *context.threads);
  return Ok();
}

}  // namespace

extern const OpDef kConvOp = {"Conv", 2, 5, 1, 1, Infer, PlanConv, Run, JoinConv};

}  // namespace pare
