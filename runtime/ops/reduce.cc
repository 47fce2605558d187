#include "runtime/kernels/reduce/reduce.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "built_layouts.h"
#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/kernels/pool/pool.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/parallel.h"
#include "runtime/ops/support/quantized.h"

namespace pare {
namespace {

using fb::ReduceKind;

struct State {
  ReduceFns sum;
  ReduceFns max;  // LogSumExp: the largest element first
  PoolFn pool;    // of quantized values: a window of all that is reduced
};

static_assert(static_cast<int>(ReduceKind::MAX) + 1 == kReduceKinds,
              "a kind needs its core in reduce.h");
ReduceCore CoreOf(ReduceKind kind) { return kCoreOf[static_cast<int>(kind)]; }

bool ReduceTypeOf(DType dtype, ReduceType* type) {
  switch (dtype) {
    case DType::kF32: *type = ReduceType::kF32; return true;
    case DType::kI32: *type = ReduceType::kI32; return true;
    case DType::kI64: *type = ReduceType::kI64; return true;
    default: return false;
  }
}

// Bit i: dimension i is reduced.
Status ReadAxes(const NodeView& node, bool running, uint32_t* mask) {
  const auto& attributes = node.Attributes<fb::Reduce>();
  const int rank = node.In(0)->shape.rank;
  int64_t axes[kMaxRank];
  int count;
  PARE_TRY(ReadArguments(node, 1, attributes.axes(), running, axes, kMaxRank, &count));
  if (count == 0) {
    *mask = attributes.noop_with_empty_axes() ? 0 : (1u << rank) - 1;
    return Ok();
  }
  return AxesMask(axes, count, rank, mask);
}

// Reduced dimensions as neighbours: [outer, count, inner]. False where others lie between them.
struct Middle {
  int64_t outer = 1, count = 1, inner = 1;
};
bool FindMiddle(const Shape& x, uint32_t mask, Middle* m) {
  *m = {};
  int stage = 0;  // 0: before the reduced dimensions, 1: among them, 2: behind
  for (int i = 0; i < x.rank; ++i) {
    if (x[i] == 1) continue;
    const bool reduced = (mask >> i & 1) != 0;
    if (reduced && stage == 2) return false;
    if (reduced) stage = 1;
    if (!reduced && stage == 1) stage = 2;
    (stage == 0 ? m->outer : stage == 1 ? m->count : m->inner) *= x[i];
  }
  return true;
}

constexpr int64_t kMostTerms = 1 << 22;  // of a quantized reduction: sums stay exact

Status CheckQuantizedReduce(const NodeView& node) {
  const Tensor &x = *node.In(0), *y = node.Out(0);
  const ReduceKind kind = node.Attributes<fb::Reduce>().kind();
  if (kind != ReduceKind::Mean && kind != ReduceKind::Sum && kind != ReduceKind::Max)
    return Error(Code::kUnsupported, "quantized values reduce to their mean, sum or maximum only");
  if (!IsQuantizedU8(x) || y == nullptr || !HasCodes(*y))
    return Error(Code::kUnsupported, "a reduction of quantized u8 gives quantized u8");
  if (kind == ReduceKind::Max && !SameScale(x, *y))
    return Error(Code::kUnsupported, "a quantized maximum keeps scale and zero point");
  uint32_t mask;
  Middle m;
  PARE_TRY(ReadAxes(node, false, &mask));
  if (!FindMiddle(x.shape, mask, &m) || m.count < 1 || m.count > kMostTerms)
    return Error(Code::kUnsupported, "a quantized reduction is over neighbouring dimensions");
  return Ok();
}

Status Infer(const NodeView& node) {
  const auto& attributes = node.Attributes<fb::Reduce>();
  const Tensor& x = *node.In(0);
  ReduceType type = ReduceType::kF32;
  if (!HasKind(kBuiltReduceKinds, static_cast<int>(attributes.kind()))) return NotBuilt();
  const bool real = attributes.kind() == ReduceKind::L2 || attributes.kind() == ReduceKind::LogSum;
  if (x.IsQuantized()) {
    PARE_TRY(CheckQuantizedReduce(node));
  } else if (!ReduceTypeOf(x.dtype, &type) || (real && type != ReduceType::kF32) ||
             SelectReduce(CoreOf(attributes.kind()), type, kCpuScalar).row == nullptr) {
    return ShapeError("the reduction is not defined for this type; cast the input");
  }
  uint32_t mask;
  PARE_TRY(ReadAxes(node, false, &mask));
  Shape shape;
  for (int i = 0; i < x.shape.rank; ++i) {
    const bool reduced = (mask >> i & 1) != 0;
    if (reduced && !attributes.keep_dims()) continue;
    shape[shape.rank++] = reduced ? 1 : x.shape[i];
  }
  return SetCheckedOutput(node, 0, x.dtype, shape);
}

// A few results of many terms: the terms are cut into parts, by size alone, so that the result does
// not depend on the number of threads.
constexpr int64_t kMostParts = 16;
int64_t PartsOf(ReduceKind kind, const Tensor& x, const Tensor& y) {
  const ReduceCore core = CoreOf(kind);
  if (core == ReduceCore::kSumSquare || core == ReduceCore::kSumExp) return 1;  // of other terms
  const int64_t all = x.Elements(), kept = y.Elements();
  if (all < kWorthSharing || kept == 0 || all / kept < 4 * kMostParts) return 1;
  const int64_t parts = all / (2 * static_cast<int64_t>(kGrain));
  return parts < kMostParts ? parts : kMostParts;
}

Status PlanStep(PlanContext& context) {
  const ReduceKind kind = context.Attributes<fb::Reduce>().kind();
  State* state = context.NewState<State>();
  if (kBuiltLowBit && context.In(0)->IsQuantized()) {
    const PoolTable& kernels = SelectPoolU8(context.cpu);
    state->pool = kind == ReduceKind::Max ? kernels.max : kernels.average;
    context.kernel = "reduce_u8";
    return Ok();
  }
  const Tensor &x = *context.In(0), *y = context.Out(0);
  ReduceType type;
  if (!ReduceTypeOf(x.dtype, &type)) return ShapeError("unsupported type");
  state->sum = SelectReduce(CoreOf(kind), type, context.cpu);
  context.kernel = type == ReduceType::kF32 ? "reduce_f32" : "reduce_portable";
  if (y == nullptr) return Ok();
  if (kind == ReduceKind::LogSumExp) {
    state->max = SelectReduce(ReduceCore::kMax, type, context.cpu);
    context.scratch_bytes = y->Bytes();
  } else {
    context.scratch_bytes = static_cast<uint64_t>(PartsOf(kind, x, *y)) * AlignUp(y->Bytes());
  }
  return Ok();
}

// The input as alternating kept and reduced dimensions, outermost first.
struct Loops {
  int rank = 0;
  int64_t dims[kMaxRank] = {};
  int64_t strides[kMaxRank] = {};  // elements
  bool reduced[kMaxRank] = {};
};

Loops MakeLoops(const Shape& x, uint32_t mask) {
  Loops l;
  for (int i = 0; i < x.rank; ++i) {
    const bool reduced = (mask >> i & 1) != 0;
    if (x[i] == 1) continue;
    if (l.rank > 0 && l.reduced[l.rank - 1] == reduced) {
      l.dims[l.rank - 1] *= x[i];
    } else {
      l.dims[l.rank] = x[i];
      l.reduced[l.rank++] = reduced;
    }
  }
  int64_t stride = 1;
  for (int i = l.rank - 1; i >= 0; --i) {
    l.strides[i] = stride;
    stride *= l.dims[i];
  }
  return l;
}

// The elements that one call of a kernel reduces, and the loops around it.
class Reduction {
 public:
  Reduction(const Shape& shape, uint32_t mask, const Tensor& x, size_t size)
      : l_(MakeLoops(shape, mask)), x_(x.Data<std::byte>()), size_(size) {
    int rest = l_.rank;
    if (rest > 0 && !l_.reduced[rest - 1]) columns_ = l_.dims[--rest];
    if (rest > 0 && l_.reduced[rest - 1]) {
      count_ = l_.dims[--rest];
      stride_ = l_.strides[rest];
    }
    outer_ = rest;
    for (int i = 0; i < outer_; ++i) (l_.reduced[i] ? repeats_ : rows_) *= l_.dims[i];
  }

  int64_t rows() const { return rows_; }  // of the output, of columns() elements each
  int64_t columns() const { return columns_; }
  int64_t terms() const { return repeats_ * count_; }  // of an output element
  bool one_piece() const { return outer_ == 0; }       // terms are equally far apart

  // Reduces part `i` of `parts` of the terms into the columns of the only output row.
  void RunPart(const ReduceFns& kernel, int64_t i, int64_t parts, std::byte* acc) const {
    const int64_t first = count_ * i / parts, last = count_ * (i + 1) / parts;
    RunTerms(kernel, x_ + static_cast<size_t>(first * stride_) * size_, last - first, columns_,
             nullptr, acc);
  }

  // Reduces into columns [begin, end) of output row `row`.
  void Run(const ReduceFns& kernel, int64_t row, int64_t begin, int64_t end,
           const std::byte* offset, std::byte* acc) const {
    const int64_t base = Offset(row, false) + begin;
    for (int64_t i = 0; i < repeats_; ++i) {
      const std::byte* x = x_ + static_cast<size_t>(base + Offset(i, true)) * size_;
      RunTerms(kernel, x, count_, end - begin, offset, acc);
    }
  }

 private:
  void RunTerms(const ReduceFns& kernel, const std::byte* x, int64_t count, int64_t columns,
                const std::byte* offset, std::byte* acc) const {
    if (columns_ == 1 && stride_ == 1) {
      kernel.row(x, static_cast<size_t>(count), offset, acc);
    } else {
      kernel.columns(x, static_cast<size_t>(count), static_cast<size_t>(stride_),
                     static_cast<size_t>(columns), offset, acc);
    }
  }

  // Of index `index` of the outer dimensions that are (not) reduced.
  int64_t Offset(int64_t index, bool reduced) const {
    int64_t offset = 0;
    for (int i = outer_ - 1; i >= 0; --i) {
      if (l_.reduced[i] != reduced) continue;
      offset += index % l_.dims[i] * l_.strides[i];
      index /= l_.dims[i];
    }
    return offset;
  }

  Loops l_;
  const std::byte* x_;
  size_t size_;
  int outer_ = 0;
  int64_t columns_ = 1, count_ = 1, stride_ = 1, rows_ = 1, repeats_ = 1;
};

template <class T>
void Start(ReduceCore core, T* y, int64_t n) {
  using Limits = std::numeric_limits<T>;
  T value = core == ReduceCore::kProd ? T{1} : T{0};
  if (core == ReduceCore::kMax) value = Limits::has_infinity ? -Limits::infinity() : Limits::min();
  if (core == ReduceCore::kMin) value = Limits::has_infinity ? Limits::infinity() : Limits::max();
  for (int64_t i = 0; i < n; ++i) y[i] = value;
}

void StartAs(DType dtype, ReduceCore core, std::byte* y, int64_t n) {
  switch (dtype) {
    case DType::kF32: return Start(core, reinterpret_cast<float*>(y), n);
    case DType::kI32: return Start(core, reinterpret_cast<int32_t*>(y), n);
    default: return Start(core, reinterpret_cast<int64_t*>(y), n);
  }
}

// What follows the sum.
template <class T>
void Finish(ReduceKind kind, int64_t terms, T* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    switch (kind) {
      case ReduceKind::Mean:
        if constexpr (std::is_floating_point_v<T>) {
          y[i] /= static_cast<T>(terms);
        } else if (terms != 0) {
          y[i] = static_cast<T>(y[i] / terms);
        }
        break;
      case ReduceKind::L2:
        if constexpr (std::is_floating_point_v<T>) y[i] = std::sqrt(y[i]);
        break;
      case ReduceKind::LogSum:
        if constexpr (std::is_floating_point_v<T>) y[i] = std::log(y[i]);
        break;
      default: return;
    }
  }
}

void FinishAs(DType dtype, ReduceKind kind, int64_t terms, std::byte* y, int64_t n) {
  switch (dtype) {
    case DType::kF32: return Finish(kind, terms, reinterpret_cast<float*>(y), n);
    case DType::kI32: return Finish(kind, terms, reinterpret_cast<int32_t*>(y), n);
    default: return Finish(kind, terms, reinterpret_cast<int64_t*>(y), n);
  }
}

// log(sum of exp(x - max)) + max; an infinite max is left out of the exponent.
void LogSumExp(const State& state, const Reduction& r, int64_t row, int64_t begin, int64_t end,
               float* max, float* y) {
  const int64_t n = end - begin;
  Start(ReduceCore::kMax, max, n);
  Start(ReduceCore::kSum, y, n);
  r.Run(state.max, row, begin, end, nullptr, reinterpret_cast<std::byte*>(max));
  for (int64_t i = 0; i < n; ++i) max[i] = std::isfinite(max[i]) ? max[i] : 0;
  r.Run(state.sum, row, begin, end, reinterpret_cast<std::byte*>(max),
        reinterpret_cast<std::byte*>(y));
  for (int64_t i = 0; i < n; ++i) y[i] = std::log(y[i]) + max[i];
}

// Reduces parts of the terms, each into its own accumulators, and then those.
void RunParts(const RunContext& context, const Reduction& r, ReduceKind kind, int64_t parts) {
  const State& state = context.State<State>();
  const Tensor &x = *context.In(0), &y = *context.Out(0);
  const uint64_t bytes = AlignUp(y.Bytes());
  context.threads->ForEach(static_cast<size_t>(parts), [&](size_t i, size_t) {
    std::byte* acc = context.scratch + i * bytes;
    StartAs(x.dtype, CoreOf(kind), acc, r.columns());
    r.RunPart(state.sum, static_cast<int64_t>(i), parts, acc);
  });
  auto* out = y.Data<std::byte>();
  StartAs(x.dtype, CoreOf(kind), out, r.columns());
  state.sum.columns(context.scratch, static_cast<size_t>(parts), bytes / SizeOf(x.dtype),
                    static_cast<size_t>(r.columns()), nullptr, out);
  FinishAs(x.dtype, kind, r.terms(), out, r.columns());
}

Status RunQuantized(const RunContext& context, uint32_t mask) {
  const Tensor &x = *context.In(0), &y = *context.Out(0);
  const State& state = context.State<State>();
  Middle m;
  FindMiddle(x.shape, mask, &m);
  PoolArgs shared{};
  shared.taps[0] = shared.taps[1] = shared.pixels = 1;
  shared.taps[2] = static_cast<size_t>(m.count);
  shared.tap_stride[2] = m.inner;
  shared.scale = x.scale / y.scale;
  if (context.Attributes<fb::Reduce>().kind() == ReduceKind::Mean)
    shared.scale *= 1 / static_cast<float>(m.count);
  shared.x_zero = x.zero_point;
  shared.y_zero = y.zero_point;
  constexpr int64_t kBlock = 256;  // columns of a task
  const int64_t blocks = (m.inner + kBlock - 1) / kBlock;
  ParallelRange(context, m.outer * blocks, m.count * kBlock / 4,
                [&](size_t begin, size_t end, size_t) {
                  for (auto i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
                    PoolArgs args = shared;
                    const int64_t row = i / blocks, first = i % blocks * kBlock;
                    const int64_t rest = m.inner - first;
                    args.channels = static_cast<size_t>(rest < kBlock ? rest : kBlock);
                    args.x = x.Data<uint8_t>() + row * m.count * m.inner + first;
                    args.y = y.Data<uint8_t>() + row * m.inner + first;
                    state.pool(args);
                  }
                });
  return Ok();
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr || y->Elements() == 0) return Ok();
  const Tensor& x = *context.In(0);
  const State& state = context.State<State>();
  const ReduceKind kind = context.Attributes<fb::Reduce>().kind();
  uint32_t mask;
  PARE_TRY(ReadAxes(context, true, &mask));
  if (kBuiltLowBit && state.pool != nullptr) return RunQuantized(context, mask);
  const size_t size = SizeOf(x.dtype);
  const Reduction r(x.shape, mask, x, size);
  const int64_t parts = PartsOf(kind, x, *y);
  if (parts > 1 && r.one_piece()) {
    RunParts(context, r, kind, parts);
    return Ok();
  }
  const auto run = [&](int64_t row, int64_t begin, int64_t end) {
    const auto at = static_cast<size_t>(row * r.columns() + begin) * size;
    std::byte* out = y->Data<std::byte>() + at;
    if (kind == ReduceKind::LogSumExp) {
      return LogSumExp(state, r, row, begin, end, reinterpret_cast<float*>(context.scratch + at),
                       reinterpret_cast<float*>(out));
    }
    StartAs(x.dtype, CoreOf(kind), out, end - begin);
    if (r.terms() > 0) r.Run(state.sum, row, begin, end, nullptr, out);
    FinishAs(x.dtype, kind, r.terms(), out, end - begin);
  };
  // Rows of the output are the tasks; where they are few, blocks of their columns.
  const int64_t block = r.rows() > 8 || r.columns() <= 64 ? r.columns() : 64;
  const int64_t blocks = (r.columns() + block - 1) / block;
  ParallelRange(context, r.rows() * blocks, block * r.terms(),
                [&](size_t first, size_t last, size_t) {
                  for (auto i = static_cast<int64_t>(first); i < static_cast<int64_t>(last); ++i) {
                    const int64_t begin = i % blocks * block;
                    const int64_t end = begin + block < r.columns() ? begin + block : r.columns();
                    run(i / blocks, begin, end);
                  }
                });
  return Ok();
}

}  // namespace

extern const OpDef kReduceOp = {"Reduce", 1, 2, 1, 1, Infer, PlanStep, Run};

}  // namespace pare
