#include "runtime/ops/support/mat_mul_int8.h"

#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/kernels/quantize/quantize.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/support/activation.h"
#include "runtime/ops/support/gemm.h"
#include "runtime/ops/support/mat_mul_terms.h"
#include "runtime/ops/support/quantized.h"

namespace pare {
namespace {

constexpr float kLeastScale = 1e-18f;  // of a row of zeros

struct State {
  GemmPlan gemm;
  const QuantizeTable* quantize;
};

// How a meets b.
enum class Way {
  kQuantized,      // a is quantized: u8 times Int8T16
  kDynamic,        // rows become u8 when the product runs: the same
  kDynamicSigned,  // rows become i8: times 4 bits
  kFloat           // b is unpacked
};

Way WayOf(const NodeView& node) {
  if (node.In(0)->dtype != DType::kF32) return Way::kQuantized;
  if (node.Attributes<fb::MatMul>().arithmetic() == fb::Arithmetic::Float) return Way::kFloat;
  return GroupOf(node.In(1)->layout) == 0 ? Way::kDynamic : Way::kDynamicSigned;
}

DType TypeOfA(Way way) {
  if (way == Way::kFloat) return DType::kF32;
  return way == Way::kDynamicSigned ? DType::kI8 : DType::kU8;
}

GemmSize GemmSizeOf(const MatMulSize& size, const NodeView& node) {
  GemmSize s{};
  s.groups = 1;
  s.m = size.m;
  s.n = size.n;
  s.taps = 1;
  s.k = s.b_k = size.k;
  s.b = DType::kF32;
  s.layout = node.In(1)->layout;
  s.a = TypeOfA(WayOf(node));
  s.c = TypeOfResult(node);
  return s;
}

// Scratch behind that of the threads where rows are quantized: their scales, their zero points or
// terms, then the rows.
struct Rows {
  Rows(const MatMulSize& size, const NodeView& node)
      : group(GroupOf(node.In(1)->layout)),
        numbers(group == 0 ? 1 : size.k / group),
        stride((size.k + 3) / 4 * 4),
        scales(AlignUp(size.m * sizeof(float))),
        zeros(AlignUp(size.m * numbers * sizeof(int32_t))),
        bytes(AlignUp(size.m * stride)) {}
  uint64_t Total() const { return scales + zeros + bytes; }
  size_t group, numbers;  // of k with a term; zero points or terms of a row
  size_t stride;
  uint64_t scales, zeros, bytes;
};

// The kernels multiply levels of NF4 in steps of 1 / 127.
float AlphaOf(const NodeView& node) {
  const bool steps = node.In(1)->layout == Layout::kNf4G64 && WayOf(node) == Way::kDynamicSigned;
  return node.Attributes<fb::MatMul>().alpha() / (steps ? 127 : 1);
}

bool QuantizesRows(Way way) { return way == Way::kDynamic || way == Way::kDynamicSigned; }

}  // namespace

Status InferMatMulInt8(const NodeView& node, size_t columns, const Shape& y) {
  const auto& attributes = node.Attributes<fb::MatMul>();
  const Layout layout = node.In(1)->layout;
  const bool is_int8 = layout == Layout::kInt8T16;
  if (!is_int8 && GroupOf(layout) == 0)
    return Error(Code::kUnsupported, "a matrix product cannot read a weight of this encoding");
  if (node.In(0)->dtype != DType::kF32) {
    if (!is_int8)
      return Error(Code::kUnsupported, "a product of quantized values has an int8 weight");
    PARE_TRY(CheckQuantized(node));
    if (attributes.alpha() != 1)
      return Error(Code::kUnsupported, "a product of quantized values has no alpha");
  } else if (node.Out(0)->IsQuantized()) {
    return Error(Code::kUnsupported, "a product of f32 and a low-bit weight is f32");
  }
  PARE_TRY(CheckMatMulTerms(node, DType::kF32, TypeOfResult(node), columns, y));
  SetOutput(node, 0, TypeOfResult(node), y);
  return Ok();
}

Status PlanMatMulInt8(const MatMulSize& size, PlanContext& context) {
  const auto& attributes = context.Attributes<fb::MatMul>();
  auto* state = context.NewState<State>();
  PARE_TRY(PlanGemm(GemmSizeOf(size, context), AlphaOf(context),
                    FromAttributes(attributes.activation()), context.cpu, context.threads,
                    &state->gemm));
  state->quantize = &SelectQuantize(context.cpu);
  context.scratch_bytes = state->gemm.thread_scratch * context.threads;
  if (QuantizesRows(WayOf(context))) context.scratch_bytes += Rows(size, context).Total();
  context.kernel = state->gemm.kernel->name;
  return Ok();
}

namespace {

// A row and what it becomes.
struct RowOf {
  const float* x;
  size_t k;
  float* scale;
  int32_t* zero;  // or the terms
  std::byte* q;
};

// The scale and zero point that the row's own range asks for.
void QuantizeUnsigned(const QuantizeTable& kernels, const RowOf& row) {
  float least, largest;
  kernels.range(row.x, row.k, &least, &largest);
  const float scale = (largest - least) * (1.f / 255);
  *row.scale = scale > kLeastScale ? scale : kLeastScale;
  // Neither true of the NaN that a row with infinities gives.
  const float zero = -least / *row.scale;
  *row.zero = zero < 255 ? static_cast<int32_t>(__builtin_nearbyintf(zero)) : 0;
  if (zero >= 255) *row.zero = 255;
  kernels.to_u8(row.x, reinterpret_cast<uint8_t*>(row.q), row.k, 1 / *row.scale, *row.zero);
}

void QuantizeSigned(const QuantizeTable& kernels, size_t group, int32_t term, const RowOf& row) {
  float least, largest;
  kernels.range(row.x, row.k, &least, &largest);
  const float scale = (largest > -least ? largest : -least) * (1.f / 127);
  *row.scale = scale > kLeastScale ? scale : kLeastScale;
  kernels.to_i8(row.x, reinterpret_cast<int8_t*>(row.q), row.k, group, 1 / *row.scale, term,
                row.zero);
}

void QuantizeRows(const MatMulSize& size, const RunContext& context, const Rows& rows,
                  std::byte* scratch, MatmulQuant* q) {
  auto* scales = reinterpret_cast<float*>(scratch);
  auto* zeros = reinterpret_cast<int32_t*>(scratch + rows.scales);
  std::byte* bytes = scratch + rows.scales + rows.zeros;
  const auto& state = context.State<State>();
  const float* x = context.In(0)->Data<float>();
  context.threads->ForRange(
      size.m, 1 + 16384 / (size.k + 1), [&](size_t begin, size_t end, size_t) {
        for (size_t i = begin; i < end; ++i) {
          const RowOf row{x + i * size.k, size.k, scales + i, zeros + i * rows.numbers,
                          bytes + i * rows.stride};
          if (rows.group == 0)
            QuantizeUnsigned(*state.quantize, row);
          else
            QuantizeSigned(*state.quantize, rows.group, state.gemm.kernel->term, row);
        }
      });
  q->a_scale = scales;
  q->a_zero = q->a_terms = zeros;
  q->a_step = 1;
  q->group = rows.group;
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
  const Way way = WayOf(context);
  if (QuantizesRows(way)) {
    const Rows rows(size, context);
    QuantizeRows(size, context, rows, scratch, &quant);
    problem.a_stride = rows.stride;
    o.a = scratch + rows.scales + rows.zeros;
  } else if (way == Way::kQuantized) {
    quant = StaticQuant(context, state.gemm.lower, state.gemm.upper);
  }
  problem.quant = &quant;
  problem.context = &o;
  problem.locate = Locate;
  RunGemm(state.gemm, problem, context.scratch, *context.threads);
  return Ok();
}

}  // namespace pare
