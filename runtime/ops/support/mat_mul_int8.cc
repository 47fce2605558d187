#include "runtime/ops/support/mat_mul_int8.h"

#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/kernels/quantize/quantize.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/support/activation.h"
#include "runtime/ops/support/gemm.h"
#include "runtime/ops/support/quantized.h"

namespace pare {
namespace {

constexpr float kLeastScale = 1e-18f;  // of a row of zeros

struct State {
  GemmPlan gemm;
  const QuantizeTable* quantize;
};

bool IsDynamic(const NodeView& node) { return node.In(0)->dtype == DType::kF32; }

GemmSize GemmSizeOf(const MatMulSize& size, const NodeView& node) {
  GemmSize s{};
  s.groups = 1;
  s.m = size.m;
  s.n = size.n;
  s.taps = 1;
  s.k = s.b_k = size.k;
  s.b = DType::kF32;
  s.layout = Layout::kInt8T16;
  s.a = DType::kU8;
  s.c = TypeOfResult(node);
  return s;
}

// Scratch behind that of the threads where rows are quantized: their scales and zero points, then
// the rows.
struct Rows {
  explicit Rows(const MatMulSize& size)
      : stride((size.k + 3) / 4 * 4),
        scales(AlignUp(size.m * sizeof(float))),
        zeros(AlignUp(size.m * sizeof(int32_t))),
        bytes(AlignUp(size.m * stride)) {}
  uint64_t Total() const { return scales + zeros + bytes; }
  size_t stride;
  uint64_t scales, zeros, bytes;
};

Status CheckBias(const NodeView& node, size_t columns, const Shape& y) {
  if (const Tensor* bias = node.In(2)) {
    if (bias->dtype != DType::kF32 || bias->Elements() != static_cast<int64_t>(columns))
      return ShapeError("the bias of a matrix product is one f32 value a column");
  }
  if (const Tensor* addend = node.In(3)) {
    if (addend->dtype != TypeOfResult(node) || addend->shape != y)
      return ShapeError("the addend of a matrix product has the shape and type of the result");
  }
  return Ok();
}

}  // namespace

Status InferMatMulInt8(const NodeView& node, size_t columns, const Shape& y) {
  const auto& attributes = node.Attributes<fb::MatMul>();
  if (node.In(1)->layout != Layout::kInt8T16)
    return Error(Code::kUnsupported, "a matrix product cannot read a weight of this encoding");
  if (!IsDynamic(node)) {
    PARE_TRY(CheckQuantized(node));
    if (attributes.alpha() != 1)
      return Error(Code::kUnsupported, "a product of quantized values has no alpha");
  } else if (attributes.arithmetic() != fb::Arithmetic::DynamicInt8 || node.Out(0)->IsQuantized()) {
    return Error(Code::kUnsupported,
                 "a product of f32 and an int8 weight is f32 and has dynamic arithmetic");
  }
  PARE_TRY(CheckBias(node, columns, y));
  SetOutput(node, 0, TypeOfResult(node), y);
  return Ok();
}

Status PlanMatMulInt8(const MatMulSize& size, PlanContext& context) {
  const auto& attributes = context.Attributes<fb::MatMul>();
  auto* state = context.NewState<State>();
  PARE_TRY(PlanGemm(GemmSizeOf(size, context), attributes.alpha(),
                    FromAttributes(attributes.activation()), context.cpu, context.threads,
                    &state->gemm));
  state->quantize = &SelectQuantize(context.cpu);
  context.scratch_bytes = state->gemm.thread_scratch * context.threads;
  if (IsDynamic(context)) context.scratch_bytes += Rows(size).Total();
  context.kernel = state->gemm.kernel->name;
  return Ok();
}

namespace {

// Each row gets the scale and zero point that its own range asks for.
void QuantizeRows(const MatMulSize& size, const RunContext& context, const Rows& rows,
                  std::byte* scratch, MatmulQuant* q) {
  auto* scales = reinterpret_cast<float*>(scratch);
  auto* zeros = reinterpret_cast<int32_t*>(scratch + rows.scales);
  auto* bytes = reinterpret_cast<uint8_t*>(scratch + rows.scales + rows.zeros);
  const QuantizeTable& kernels = *context.State<State>().quantize;
  const float* x = context.In(0)->Data<float>();
  context.threads->ForRange(
      size.m, 1 + 16384 / (size.k + 1), [&](size_t begin, size_t end, size_t) {
        for (size_t i = begin; i < end; ++i) {
          float least, largest;
          kernels.range(x + i * size.k, size.k, &least, &largest);
          const float scale = (largest - least) * (1.f / 255);
          scales[i] = scale > kLeastScale ? scale : kLeastScale;
          // Neither true of the NaN that a row with infinities gives.
          const float zero = -least / scales[i];
          zeros[i] = zero < 255 ? static_cast<int32_t>(__builtin_nearbyintf(zero)) : 0;
          if (zero >= 255) zeros[i] = 255;
          kernels.to_u8(x + i * size.k, bytes + i * rows.stride, size.k, 1 / scales[i], zeros[i]);
        }
      });
  q->a_scale = scales;
  q->a_zero = zeros;
  q->a_step = 1;
}

struct Operands {
  const void *a, *b, *addend;
  void* y;
};

void Locate(const GemmProblem& problem, size_t, GemmGroup* out) {
  const auto& o = *static_cast<const Operands*>(problem.context);
  *out = {o.a, o.b, o.addend, o.y, 0};
}

}  // namespace

Status RunMatMulInt8(const MatMulSize& size, const RunContext& context) {
  const auto& state = context.State<State>();
  std::byte* scratch = context.scratch + state.gemm.thread_scratch * context.threads->threads();
  GemmProblem problem{};
  problem.size = GemmSizeOf(size, context);
  problem.columns = size.n;
  problem.a_stride = size.k;
  problem.addend_stride = problem.c_stride = size.n;
  problem.bias = context.In(2) == nullptr ? nullptr : context.In(2)->Data<float>();
  Operands o{context.In(0)->data, context.In(1)->data,
             context.In(3) == nullptr ? nullptr : context.In(3)->data, context.Out(0)->data};
  MatmulQuant quant{};
  if (IsDynamic(context)) {
    const Rows rows(size);
    QuantizeRows(size, context, rows, scratch, &quant);
    problem.a_stride = rows.stride;
    o.a = scratch + rows.scales + rows.zeros;
  } else {
    quant = StaticQuant(context, state.gemm.lower, state.gemm.upper);
  }
  problem.quant = &quant;
  problem.context = &o;
  problem.locate = Locate;
  RunGemm(state.gemm, problem, context.scratch, *context.threads);
  return Ok();
}

}  // namespace pare
