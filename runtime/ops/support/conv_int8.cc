#include "runtime/ops/support/conv_int8.h"

#include "runtime/core/arena.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/support/conv_depthwise_int8.h"
#include "runtime/ops/support/conv_window.h"
#include "runtime/ops/support/quantized.h"

namespace pare {
namespace {

constexpr size_t kOverrun = 4;  // bytes that kernels may read behind a row

// A tap is a line of the window where a pixel's channels do not fill cells of four.
bool TapsAreLines(const ConvGeometry& g, const Tensor& w) {
  return Int8TapsOf(w.shape).taps != g.Taps();
}

GemmSize SizeOf(const ConvGeometry& g, const NodeView& node) {
  const Tensor& w = *node.In(1);
  const Int8Taps taps = Int8TapsOf(w.shape);
  GemmSize s{};
  s.groups = static_cast<size_t>(g.group);
  s.m = static_cast<size_t>(g.batch) * g.OutPixels();
  s.n = static_cast<size_t>(g.filters / g.group);
  s.taps = taps.taps;
  s.k = taps.k;
  s.b_k = s.taps * s.k;
  s.b = DType::kF32;
  s.layout = Layout::kInt8T16;
  s.a = DType::kU8;
  s.c = TypeOfResult(node);
  if (TapsAreLines(g, w)) s.patch = s.taps * (s.k + kOverrun);
  return s;
}

size_t PaddingBytes(const ConvGeometry& g, const GemmSize& s) {
  return AlignUp(PaddingElements(g, s) + kOverrun);
}

}  // namespace

Status InferConvInt8(const ConvGeometry& g, const NodeView& node) {
  PARE_TRY(CheckQuantized(node));
  const Layout layout = node.In(1)->layout;
  if (layout != Layout::kInt8T16 && layout != Layout::kInt8Depthwise16)
    return Error(Code::kUnsupported, "convolutions read low-bit weights of 8 bits only");
  SetOutput(node, 0, TypeOfResult(node), OutputShapeOf(g));
  return Ok();
}

Status PlanConvInt8(const ConvGeometry& g, const ActivationParams& activation,
                    PlanContext& context) {
  if (context.In(1)->layout == Layout::kInt8Depthwise16)
    return PlanDepthwiseInt8(g, activation, context);
  auto* plan = context.NewState<GemmPlan>();
  const GemmSize size = SizeOf(g, context);
  PARE_TRY(PlanGemm(size, 1, activation, context.cpu, context.threads, plan));
  context.scratch_bytes = plan->thread_scratch * context.threads + PaddingBytes(g, size);
  context.kernel = plan->kernel->name;
  return Ok();
}

Status RunConvInt8(const ConvGeometry& g, const RunContext& context) {
  if (context.In(1)->layout == Layout::kInt8Depthwise16) return RunDepthwiseInt8(g, context);
  const auto& plan = context.State<GemmPlan>();
  const Tensor &x = *context.In(0), &w = *context.In(1);
  GemmProblem problem{};
  problem.size = SizeOf(g, context);
  auto* padding = reinterpret_cast<uint8_t*>(context.scratch +
                                             plan.thread_scratch * context.threads->threads());
  FillPadding(context.In(4), x, padding, PaddingBytes(g, problem.size));
  ConvOperands<uint8_t> o{&g,      x.Data<uint8_t>(),
                          w.data,  context.In(3) == nullptr ? nullptr : context.In(3)->data,
                          padding, context.Out(0)->data};
  const MatmulQuant quant = StaticQuant(context, plan.lower, plan.upper);
  problem.quant = &quant;
  problem.columns = static_cast<size_t>(g.filters);
  problem.a_stride = static_cast<size_t>(g.channels);
  problem.addend_stride = problem.c_stride = problem.columns;
  problem.bias = context.In(2) == nullptr ? nullptr : context.In(2)->Data<float>();
  problem.context = &o;
  problem.locate = LocateConv<uint8_t>;
  const bool lines = TapsAreLines(g, w);
  if (lines || !g.IsPointwise()) problem.point = lines ? PointLines<uint8_t> : PointPixels<uint8_t>;
  RunGemm(plan, problem, context.scratch, *context.threads);
  return Ok();
}

}  // namespace pare
