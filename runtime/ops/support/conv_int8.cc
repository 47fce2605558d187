#include "runtime/ops/support/conv_int8.h"

#include <cstring>

#include "runtime/core/arena.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/support/conv_depthwise_int8.h"
#include "runtime/ops/support/conv_points.h"
#include "runtime/ops/support/gemm.h"
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

size_t PaddingBytes(const GemmSize& s) { return AlignUp(s.k + kOverrun); }

}  // namespace

Status InferConvInt8(const ConvGeometry& g, const NodeView& node) {
  PARE_TRY(CheckQuantized(node));
  if (node.In(4) != nullptr)
    return Error(Code::kUnsupported, "a quantized convolution is padded with zeros only");
  const Layout layout = node.In(1)->layout;
  if (layout != Layout::kInt8T16 && layout != Layout::kInt8Depthwise16)
    return Error(Code::kUnsupported, "convolutions read low-bit weights of 8 bits only");
  if (layout == Layout::kInt8Depthwise16 && (g.group != g.channels || g.group != g.filters))
    return ShapeError("a depthwise weight belongs to a convolution with a group for each channel");
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
  context.scratch_bytes = plan->thread_scratch * context.threads + PaddingBytes(size);
  context.kernel = plan->kernel->name;
  return Ok();
}

namespace {

struct Operands {
  const ConvGeometry* g;
  const uint8_t* x;
  const void *w, *addend;
  const uint8_t* padding;  // a tap outside x
  uint8_t zero;            // what it is made of
  void* y;
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
  PointConv(*o.g, o.x + group * o.g->Depth(), o.padding, row, count, pointers, 1, count);
}

// Copies what a line of the window reads, from position `left` of an input line on.
void CopyLine(const Operands& o, const uint8_t* line, int64_t left, uint8_t* copy) {
  const ConvGeometry& g = *o.g;
  const size_t depth = g.Depth();
  for (int64_t k = 0; k < g.kernel[2]; ++k, left += g.dilation[2], copy += depth) {
    if (left >= 0 && left < g.in[2]) {
      std::memcpy(copy, line + left * g.channels, depth);
    } else {
      std::memset(copy, o.zero, depth);
    }
  }
}

// Pointers into x where a line of the window lies there in one piece, otherwise to a copy.
void PointLines(const GemmProblem& problem, size_t group, size_t row, size_t count,
                const void** pointers, void* patch) {
  const auto& o = *static_cast<const Operands*>(problem.context);
  const ConvGeometry& g = *o.g;
  const bool whole = g.group == 1 && (g.dilation[2] == 1 || g.kernel[2] == 1);
  const uint8_t* x = o.x + group * g.Depth();
  ForEachLine(g, row, count, [&](const PixelPosition& at, size_t first, size_t n) {
    for (size_t t = 0; t < problem.size.taps; ++t) {
      const uint8_t* line = LineOf(g, x, at, static_cast<int64_t>(t));
      const void** out = pointers + t * count + first;
      int64_t left = at.y[2] * g.stride[2] - g.pad[2];
      for (size_t i = 0; i < n; ++i, left += g.stride[2]) {
        if (line == nullptr) {
          out[i] = o.padding;
        } else if (whole && left >= 0 && left + g.kernel[2] <= g.in[2]) {
          out[i] = line + left * g.channels;
        } else {
          uint8_t* copy = static_cast<uint8_t*>(patch) + (first + i) * problem.size.patch +
                          t * (problem.size.k + kOverrun);
          CopyLine(o, line, left, copy);
          out[i] = copy;
        }
      }
    }
  });
}

}  // namespace

Status RunConvInt8(const ConvGeometry& g, const RunContext& context) {
  if (context.In(1)->layout == Layout::kInt8Depthwise16) return RunDepthwiseInt8(g, context);
  const auto& plan = context.State<GemmPlan>();
  const Tensor &x = *context.In(0), &w = *context.In(1);
  GemmProblem problem{};
  problem.size = SizeOf(g, context);
  auto* padding = reinterpret_cast<uint8_t*>(context.scratch +
                                             plan.thread_scratch * context.threads->threads());
  std::memset(padding, x.zero_point, PaddingBytes(problem.size));
  Operands o{&g,
             x.Data<uint8_t>(),
             w.data,
             context.In(3) == nullptr ? nullptr : context.In(3)->data,
             padding,
             static_cast<uint8_t>(x.zero_point),
             context.Out(0)->data};
  const MatmulQuant quant = StaticQuant(context, plan.lower, plan.upper);
  problem.quant = &quant;
  problem.columns = static_cast<size_t>(g.filters);
  problem.a_stride = static_cast<size_t>(g.channels);
  problem.addend_stride = problem.c_stride = problem.columns;
  problem.bias = context.In(2) == nullptr ? nullptr : context.In(2)->Data<float>();
  problem.context = &o;
  problem.locate = Locate;
  if (TapsAreLines(g, w)) {
    problem.point = PointLines;
  } else if (!g.IsPointwise()) {
    problem.point = Point;
  }
  RunGemm(plan, problem, context.scratch, *context.threads);
  return Ok();
}

}  // namespace pare
