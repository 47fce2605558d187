// y = act(alpha * op(a) op(b) + bias + addend). Floats run on the matmul kernels: b is a T16
// weight, or packed into scratch by each run. i32 and i64 are plain loops.
#include <cstring>

#include "built_layouts.h"
#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/activation.h"
#include "runtime/ops/support/gemm.h"
#include "runtime/ops/support/mat_mul_int8.h"
#include "runtime/ops/support/mat_mul_terms.h"

namespace pare {
namespace {

// The sizes of a product; 1-D operands are a row or a column.
struct Product {
  Shape a_batch, b_batch, batch;  // leading dimensions, those of y in `batch`
  size_t m = 1, n = 1, k = 1;
  size_t groups = 1;  // products to compute: batches, or 1 where b is the same for all of them
  bool trans_a = false, trans_b = false;
};

Shape Leading(const Shape& shape) {
  Shape leading;
  for (int i = 0; i + 2 < shape.rank; ++i) (void)leading.Push(shape[i]);
  return leading;
}

// The rows and columns of a matrix as it lies in memory.
void Sides(const Shape& shape, bool is_a, size_t* rows, size_t* columns) {
  const auto last = static_cast<size_t>(shape[shape.rank - 1]);
  if (shape.rank == 1) {
    *rows = is_a ? 1 : last;
    *columns = is_a ? last : 1;
  } else {
    *rows = static_cast<size_t>(shape[shape.rank - 2]);
    *columns = last;
  }
}

Result<Product> ProductOf(const NodeView& node) {
  const auto& attributes = node.Attributes<fb::MatMul>();
  const Tensor &a = *node.In(0), &b = *node.In(1);
  if (a.shape.rank == 0 || b.shape.rank == 0)
    return ShapeError("a matrix product needs operands of rank 1 or more");
  if (b.layout != Layout::kPlain && (b.shape.rank != 2 || !attributes.trans_b()))
    return ShapeError("a packed weight of a matrix product is [n, k] with trans_b");
  if (a.layout != Layout::kPlain || b.layout == Layout::kDepthwise16 ||
      b.layout == Layout::kInt8Depthwise16)
    return ShapeError("this weight layout does not fit a matrix product");
  if (kBuiltLowBit && IsLowBit(b.layout) && attributes.trans_a() && a.shape.rank > 1)
    return ShapeError("a product with a low-bit weight takes its input as it is, not transposed");
  Product p;
  p.trans_a = attributes.trans_a() && a.shape.rank > 1;
  p.trans_b = attributes.trans_b() && b.shape.rank > 1;
  size_t rows, columns, depth;
  Sides(a.shape, true, &rows, &columns);
  p.m = p.trans_a ? columns : rows;
  p.k = p.trans_a ? rows : columns;
  Sides(b.shape, false, &rows, &columns);
  p.n = p.trans_b ? rows : columns;
  depth = p.trans_b ? columns : rows;
  if (depth != p.k) return ShapeError("the inner dimensions of a matrix product differ");
  p.a_batch = Leading(a.shape);
  p.b_batch = Leading(b.shape);
  if (!BroadcastShapes(p.a_batch, p.b_batch, &p.batch))
    return ShapeError("the batches of a matrix product do not broadcast");
  p.groups = static_cast<size_t>(p.batch.Elements());
  if (p.b_batch.Elements() == 1 && !p.trans_a && p.a_batch.Elements() == p.batch.Elements()) {
    p.m *= p.groups;  // one tall product
    p.groups = 1;
  }
  return p;
}

Shape OutputShape(const NodeView& node, const Product& p) {
  Shape y = p.batch;
  const Shape &a = node.In(0)->shape, &b = node.In(1)->shape;
  if (a.rank > 1) (void)y.Push(p.trans_a ? a[a.rank - 1] : a[a.rank - 2]);
  if (b.rank > 1) (void)y.Push(static_cast<int64_t>(p.n));
  return y;
}

// Of a low-bit weight: all batches of a are rows of one product.
MatMulSize SizeOf(const Product& p) { return {p.groups * p.m, p.n, p.k}; }

Status Infer(const NodeView& node) {
  const Tensor &a = *node.In(0), &b = *node.In(1);
  if (kBuiltLowBit && IsLowBit(b.layout)) {
    const Product p = PARE_TRY(ProductOf(node));
    return InferMatMulInt8(node, p.n, OutputShape(node, p));
  }
  const bool is_float = a.dtype == DType::kF32;
  if (!is_float && a.dtype != DType::kI32 && a.dtype != DType::kI64)
    return Error(Code::kUnsupported, "a matrix product computes on f32, i32 or i64");
  const bool is_half = b.dtype == DType::kF16 || b.dtype == DType::kBF16;
  if (b.dtype != a.dtype && !(is_float && is_half))
    return ShapeError("the operands of a matrix product have different types");
  const Product p = PARE_TRY(ProductOf(node));
  const Shape y = OutputShape(node, p);
  PARE_TRY(CheckMatMulTerms(node, a.dtype, a.dtype, p.n, y));
  const auto& attributes = node.Attributes<fb::MatMul>();
  if (!is_float && (attributes.alpha() != 1 || FromAttributes(attributes.activation()).kind != 0))
    return Error(Code::kUnsupported, "an integer product has neither alpha nor activation");
  SetOutput(node, 0, a.dtype, y);
  return Ok();
}

bool PacksB(const Tensor& b) { return b.layout != Layout::kT16; }

// Scratch behind that of the threads: b's panels, then op(a).
struct Scratch {
  uint64_t b = 0, a = 0;
};
Result<Scratch> ScratchOf(const NodeView& node, const Product& p) {
  Scratch s;
  uint64_t matrix = 0;
  if (PacksB(*node.In(1))) {
    const Shape packed{2, {static_cast<int64_t>(p.n), static_cast<int64_t>(p.k)}};
    if (!PackedBytes(Layout::kT16, DType::kF32, packed, &matrix) ||
        __builtin_mul_overflow(matrix, static_cast<uint64_t>(p.b_batch.Elements()), &s.b))
      return ShapeError("a matrix product is too large");
  }
  if (p.trans_a && !CheckedBytes(node.In(0)->shape, sizeof(float), &s.a))
    return ShapeError("a matrix product is too large");
  s.a = AlignUp(s.a);
  return s;
}

GemmSize SizeOf(const NodeView& node, const Product& p) {
  const Tensor& b = *node.In(1);
  return {p.groups, p.m, p.n, 1, p.k, p.k, 0, PacksB(b) ? DType::kF32 : b.dtype};
}

Status PlanProduct(PlanContext& context) {
  if (kBuiltLowBit && IsLowBit(context.In(1)->layout)) {
    const Product p = PARE_TRY(ProductOf(context));
    return PlanMatMulInt8(SizeOf(p), context);
  }
  if (context.In(0)->dtype != DType::kF32) {
    context.kernel = "loop";
    return Ok();
  }
  const Product p = PARE_TRY(ProductOf(context));
  const auto& attributes = context.Attributes<fb::MatMul>();
  auto* plan = context.NewState<GemmPlan>();
  PARE_TRY(PlanGemm(SizeOf(context, p), attributes.alpha(), FromAttributes(attributes.activation()),
                    context.cpu, context.threads, plan));
  const Scratch scratch = PARE_TRY(ScratchOf(context, p));
  context.scratch_bytes = plan->thread_scratch * context.threads + scratch.b + scratch.a;
  context.kernel = plan->kernel->name;
  return Ok();
}

// The element of a broadcast operand's batches that belongs to batch `index` of the result.
size_t BatchOf(const Shape& operand, const Shape& result, size_t index) {
  size_t offset = 0, stride = 1;
  for (int i = result.rank - 1, j = operand.rank - 1; j >= 0; --i, --j) {
    const auto size = static_cast<size_t>(result[i]);
    if (operand[j] != 1) offset += index % size * stride;
    stride *= static_cast<size_t>(operand[j]);
    index /= size;
  }
  return offset;
}

struct Operands {
  const Product* product;
  const float* a;
  const std::byte* b;
  uint64_t b_bytes;  // of one matrix
  const float* addend;
  float* y;
};

void Locate(const GemmProblem& problem, size_t group, GemmGroup* out) {
  const auto& o = *static_cast<const Operands*>(problem.context);
  const Product& p = *o.product;
  const bool one = p.groups == 1;
  const size_t a = one ? 0 : BatchOf(p.a_batch, p.batch, group);
  const size_t b = one ? 0 : BatchOf(p.b_batch, p.batch, group);
  out->a = o.a + a * p.m * p.k;
  out->b = o.b + b * o.b_bytes;
  out->c = o.y + group * p.m * p.n;
  out->addend = o.addend == nullptr ? nullptr : o.addend + group * p.m * p.n;
  out->column = 0;
}

float ToFloat(DType type, uint16_t bits) {
  return type == DType::kF16 ? HalfToFloat(bits) : Bfloat16ToFloat(bits);
}

// One panel of a 16-bit matrix that the converter left as it was: slow but rare.
void PackHalfPanel(DType type, const uint16_t* b, size_t row_stride, size_t k_stride, size_t rows,
                   size_t k, float* dst) {
  for (size_t i = 0; i < k; ++i) {
    for (size_t r = 0; r < kPanelRows; ++r)
      *dst++ = r < rows ? ToFloat(type, b[r * row_stride + i * k_stride]) : 0;
  }
}

void PackB(const Tensor& b, const Product& p, std::byte* packed, uint64_t matrix_bytes,
           const ThreadPool& threads) {
  const size_t panels = (p.n + kPanelRows - 1) / kPanelRows;
  const auto matrices = static_cast<size_t>(p.b_batch.Elements());
  const size_t grain = 1 + 8192 / (kPanelRows * p.k + 1);
  const size_t row_stride = p.trans_b ? p.k : 1, k_stride = p.trans_b ? 1 : p.n;
  threads.ForRange(matrices * panels, grain, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; ++i) {
      const size_t row = i % panels * kPanelRows;
      const size_t rows = p.n - row < kPanelRows ? p.n - row : kPanelRows;
      const size_t source = i / panels * p.n * p.k + row * row_stride;
      auto* dst = reinterpret_cast<float*>(packed + i / panels * matrix_bytes) + row * p.k;
      if (b.dtype != DType::kF32)
        PackHalfPanel(b.dtype, b.Data<uint16_t>() + source, row_stride, k_stride, rows, p.k, dst);
      else if (p.trans_b)
        PackRowsT16(b.Data<float>() + source, p.k, rows, p.k, dst);
      else
        PackColumnsT16(b.Data<float>() + source, p.n, rows, p.k, dst);
    }
  });
}

// dst[m][k] = a[k][m] for every matrix.
void TransposeA(const Tensor& a, const Product& p, float* dst, const ThreadPool& threads) {
  const auto matrices = static_cast<size_t>(p.a_batch.Elements());
  threads.ForRange(matrices * p.m, 1 + 8192 / (p.k + 1), [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; ++i) {
      const float* source = a.Data<float>() + i / p.m * p.m * p.k + i % p.m;
      for (size_t k = 0; k < p.k; ++k) dst[i * p.k + k] = source[k * p.m];
    }
  });
}

// T is unsigned: products wrap around as two's complement does.
template <class T>
void RunInteger(const RunContext& context, const Product& p) {
  const T *a = context.In(0)->Data<T>(), *b = context.In(1)->Data<T>();
  const T* bias = context.In(2) == nullptr ? nullptr : context.In(2)->Data<T>();
  const T* addend = context.In(3) == nullptr ? nullptr : context.In(3)->Data<T>();
  T* y = context.Out(0)->Data<T>();
  const size_t a_row = p.trans_a ? 1 : p.k, a_k = p.trans_a ? p.m : 1;
  const size_t b_column = p.trans_b ? p.k : 1, b_k = p.trans_b ? 1 : p.n;
  const size_t rows = p.groups * p.m;
  context.threads->ForRange(
      rows, 1 + 8192 / (p.n * p.k + 1), [&](size_t first, size_t last, size_t) {
        for (size_t r = first; r < last; ++r) {
          const size_t group = r / p.m, i = r % p.m;
          const bool one = p.groups == 1;
          const T* x = a + (one ? 0 : BatchOf(p.a_batch, p.batch, group)) * p.m * p.k + i * a_row;
          const T* w = b + (one ? 0 : BatchOf(p.b_batch, p.batch, group)) * p.n * p.k;
          for (size_t j = 0; j < p.n; ++j) {
            T sum = 0;
            for (size_t k = 0; k < p.k; ++k) sum += x[k * a_k] * w[j * b_column + k * b_k];
            if (bias != nullptr) sum += bias[j];
            if (addend != nullptr) sum += addend[r * p.n + j];
            y[r * p.n + j] = sum;
          }
        }
      });
}

Status Run(const RunContext& context) {
  const Product p = PARE_TRY(ProductOf(context));
  const Tensor &a = *context.In(0), &b = *context.In(1);
  if (kBuiltLowBit && IsLowBit(b.layout)) return RunMatMulInt8(SizeOf(p), context);
  if (a.dtype == DType::kI32) return RunInteger<uint32_t>(context, p), Ok();
  if (a.dtype == DType::kI64) return RunInteger<uint64_t>(context, p), Ok();
  const auto& plan = context.State<GemmPlan>();
  const Scratch scratch = PARE_TRY(ScratchOf(context, p));
  std::byte* packed = context.scratch + plan.thread_scratch * context.threads->threads();
  Operands o{&p, a.Data<float>(), b.Data<const std::byte>(), 0, nullptr, nullptr};
  if (PacksB(b)) {
    o.b_bytes = PackedBytesT16(DType::kF32, p.n, p.k);
    PackB(b, p, packed, o.b_bytes, *context.threads);
    o.b = packed;
  }
  if (p.trans_a) {
    auto* rows = reinterpret_cast<float*>(packed + scratch.b);
    TransposeA(a, p, rows, *context.threads);
    o.a = rows;
  }
  o.addend = context.In(3) == nullptr ? nullptr : context.In(3)->Data<float>();
  o.y = context.Out(0)->Data<float>();
  GemmProblem problem{};
  problem.size = SizeOf(context, p);
  problem.columns = p.n;
  problem.a_stride = p.k;
  problem.addend_stride = problem.c_stride = p.n;
  problem.bias = context.In(2) == nullptr ? nullptr : context.In(2)->Data<float>();
  problem.context = &o;
  problem.locate = Locate;
  RunGemm(plan, problem, context.scratch, *context.threads);
  return Ok();
}

}  // namespace

extern const OpDef kMatMulOp = {"MatMul", 2, 4, 1, 1, Infer, PlanProduct, Run};

}  // namespace pare
