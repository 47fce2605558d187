#include "runtime/kernels/elementwise/binary.h"

#include <cstring>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/activation.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/binary_u8.h"
#include "runtime/ops/support/broadcast.h"
#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

using fb::BinaryKind;
static_assert(static_cast<int>(BinaryKind::MAX) + 1 == kBinaryKinds,
              "a kind needs its entry in binary_portable.cc");

struct State {
  BinaryFn function;
  BinaryQuant quant;   // of quantized operands
  UnaryFn activation;  // null: none
  ActivationParams params;
};

bool BinaryTypeOf(DType dtype, BinaryType* type) {
  switch (dtype) {
    case DType::kF32: *type = BinaryType::kF32; return true;
    case DType::kI32: *type = BinaryType::kI32; return true;
    case DType::kI64: *type = BinaryType::kI64; return true;
    case DType::kU8:
    case DType::kBool: *type = BinaryType::kU8; return true;
    default: return false;
  }
}

bool GivesBool(BinaryKind kind) { return kind >= BinaryKind::Equal && kind <= BinaryKind::Xor; }

Status Infer(const NodeView& node) {
  const auto& attributes = node.Attributes<fb::Binary>();
  const Tensor &a = *node.In(0), &b = *node.In(1);
  BinaryType type;
  if (!HasKind(kBuiltBinaryKinds, static_cast<int>(attributes.kind()))) return NotBuilt();
  if (a.dtype != b.dtype) return ShapeError("both operands must have one type; cast one of them");
  const bool quantized = a.IsQuantized() || b.IsQuantized();
  if (quantized) {
    PARE_TRY(CheckBinaryU8(node));
  } else if (!BinaryTypeOf(a.dtype, &type) ||
             SelectBinary(static_cast<uint8_t>(attributes.kind()), type, kCpuScalar) == nullptr) {
    return ShapeError("the function is not defined for this type; cast the operands");
  }
  Shape shape;
  if (!BroadcastShapes(a.shape, b.shape, &shape)) return ShapeError("operands do not broadcast");
  const bool gives_bool = GivesBool(attributes.kind());
  const ActivationParams params = FromAttributes(attributes.activation());
  if (params.kind != 0 && !quantized && (a.dtype != DType::kF32 || gives_bool)) {
    return ShapeError("an activation can be fused into float results only");
  }
  return SetCheckedOutput(node, 0, gives_bool ? DType::kBool : a.dtype, shape);
}

Status PlanStep(PlanContext& context) {
  const auto& attributes = context.Attributes<fb::Binary>();
  const Tensor &a = *context.In(0), &b = *context.In(1);
  State* state = context.NewState<State>();
  BinaryType type;
  if (!BinaryTypeOf(a.dtype, &type)) return ShapeError("unsupported type");
  const Tensor* y = context.Out(0);
  if (a.IsQuantized()) {
    state->function = SelectBinaryU8(static_cast<uint8_t>(attributes.kind()), context.cpu);
    state->quant = MakeBinaryQuant(context);
    context.kernel = "binary_u8";
  } else {
    state->function = SelectBinary(static_cast<uint8_t>(attributes.kind()), type, context.cpu);
    state->params = FromAttributes(attributes.activation());
    state->activation = PARE_TRY(SelectActivation(state->params, context.cpu));
    context.kernel = type == BinaryType::kF32 ? "binary_f32" : "binary_portable";
  }
  if (y == nullptr || SizeOf(y->dtype) != SizeOf(a.dtype)) return Ok();
  if (a.shape == y->shape) {
    context.in_place = 0;
  } else if (b.shape == y->shape) {
    context.in_place = 1;
  }
  return Ok();
}

// Element bytes, and what a task needs to find its rows.
struct Work {
  const State* state;
  const BroadcastLoop* loop;
  const std::byte *a, *b;
  std::byte* y;
  size_t size, y_size;
};

void RunBlock(const Work& w, BinaryArgs args) {
  if (w.state->activation == nullptr) return w.state->function(args);
  // A row at a time, so that the activation finds it in the cache.
  const size_t rows = args.rows;
  args.rows = 1;
  for (size_t r = 0; r < rows; ++r) {
    w.state->function(args);
    auto* y = static_cast<float*>(args.y);
    w.state->activation(&w.state->params, y, y, args.n);
    args.a = static_cast<const float*>(args.a) + args.a_stride;
    args.b = static_cast<const float*>(args.b) + args.b_stride;
    args.y = y + args.y_stride;
  }
}

BinaryArgs MakeArgs(const Work& w, int64_t a_offset, int64_t b_offset, int64_t y_offset) {
  const BroadcastLoop& loop = *w.loop;
  const int inner = loop.rank - 1;
  BinaryArgs args = {};
  args.quant = &w.state->quant;
  args.a = w.a + static_cast<size_t>(a_offset) * w.size;
  args.b = w.b + static_cast<size_t>(b_offset) * w.size;
  args.y = w.y + static_cast<size_t>(y_offset) * w.y_size;
  args.n = static_cast<size_t>(loop.dims[inner]);
  args.rows = 1;
  args.a_step = static_cast<uint8_t>(loop.strides[0][inner]);
  args.b_step = static_cast<uint8_t>(loop.strides[1][inner]);
  args.y_stride = loop.dims[inner];
  if (inner > 0) {
    args.a_stride = loop.strides[0][inner - 1];
    args.b_stride = loop.strides[1][inner - 1];
  }
  return args;
}

// Rows [begin, end) of the innermost dimension, in blocks along the one around it.
void RunRows(const Work& w, int64_t begin, int64_t end) {
  const BroadcastLoop& loop = *w.loop;
  const int64_t middle = loop.rank > 1 ? loop.dims[loop.rank - 2] : 1;
  for (int64_t row = begin; row < end;) {
    int64_t count = middle - row % middle;
    if (count > end - row) count = end - row;
    int64_t offsets[kMaxOperands];
    loop.Offsets(row, offsets);
    BinaryArgs args = MakeArgs(w, offsets[0], offsets[1], row * loop.dims[loop.rank - 1]);
    args.rows = static_cast<size_t>(count);
    RunBlock(w, args);
    row += count;
  }
}

// Elements [begin, end) of a single row.
void RunElements(const Work& w, int64_t begin, int64_t end) {
  constexpr int64_t kBlock = 4096;  // stays in the first cache between function and activation
  const int64_t block = w.state->activation != nullptr ? kBlock : end - begin;
  const int64_t a_step = w.loop->strides[0][w.loop->rank - 1];
  const int64_t b_step = w.loop->strides[1][w.loop->rank - 1];
  for (int64_t i = begin; i < end; i += block) {
    BinaryArgs args = MakeArgs(w, i * a_step, i * b_step, i);
    args.n = static_cast<size_t>(end - i < block ? end - i : block);
    RunBlock(w, args);
  }
}

// Short rows over which one operand repeats (a bias of 3 channels): a few copies of it side by
// side make the rows longer. `copies` has room for kCopies elements.
constexpr int64_t kCopies = 96;
bool Lengthen(BroadcastLoop* loop, Work* w, std::byte* copies) {
  if (loop->rank != 2 || w->size > 4) return false;
  const int64_t n = loop->dims[1], rows = loop->dims[0];
  const int repeated = loop->strides[0][0] == 0 ? 0 : 1;
  const bool fits = n <= kCopies / 2 && loop->strides[0][1] == 1 && loop->strides[1][1] == 1 &&
                    loop->strides[repeated][0] == 0 && loop->strides[1 - repeated][0] == n;
  if (!fits || rows < 64) return false;
  const std::byte*& operand = repeated == 0 ? w->a : w->b;
  const int64_t count = kCopies / n;
  const size_t bytes = static_cast<size_t>(n) * w->size;
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(copies + static_cast<size_t>(i) * bytes, operand, bytes);
  operand = copies;
  loop->dims[0] = rows / count;
  loop->dims[1] = n * count;
  loop->strides[1 - repeated][0] = n * count;
  return true;
}

// For a result that lies on an operand which it repeats: the planner let it replace that operand at
// sizes at which both were alike. From the end, what is read always lies before what is written.
void RunBackwards(const Work& w) {
  constexpr int64_t kChunk = 256;
  alignas(64) std::byte result[kChunk * sizeof(int64_t)];
  const BroadcastLoop& loop = *w.loop;
  const int64_t n = loop.dims[loop.rank - 1];
  for (int64_t row = loop.Rows() - 1; row >= 0; --row) {
    int64_t offsets[kMaxOperands];
    loop.Offsets(row, offsets);
    for (int64_t i = (n - 1) / kChunk * kChunk; i >= 0; i -= kChunk) {
      BinaryArgs args = MakeArgs(w, offsets[0] + i * loop.strides[0][loop.rank - 1],
                                 offsets[1] + i * loop.strides[1][loop.rank - 1], 0);
      args.y = result;
      args.n = static_cast<size_t>(n - i < kChunk ? n - i : kChunk);
      RunBlock(w, args);
      std::memcpy(w.y + static_cast<size_t>(row * n + i) * w.y_size, result, args.n * w.y_size);
    }
  }
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr || y->Elements() == 0) return Ok();
  const Tensor &a = *context.In(0), &b = *context.In(1);
  const Shape* shapes[] = {&a.shape, &b.shape};
  BroadcastLoop loop = MakeBroadcastLoop(y->shape, shapes, 2);
  Work w = {&context.State<State>(), &loop,           a.Data<std::byte>(), b.Data<std::byte>(),
            y->Data<std::byte>(),    SizeOf(a.dtype), SizeOf(y->dtype)};
  if ((y->data == a.data && a.shape != y->shape) || (y->data == b.data && b.shape != y->shape)) {
    RunBackwards(w);
    return Ok();
  }
  if (loop.Rows() == 1) {
    ParallelRange(context, loop.dims[loop.rank - 1], 1, [&](size_t begin, size_t end, size_t) {
      RunElements(w, static_cast<int64_t>(begin), static_cast<int64_t>(end));
    });
    return Ok();
  }
  alignas(64) std::byte copies[kCopies * 4];
  const BroadcastLoop whole = loop;
  const Work unchanged = w;
  const bool longer = Lengthen(&loop, &w, copies);
  ParallelRange(context, loop.Rows(), loop.dims[loop.rank - 1],
                [&](size_t begin, size_t end, size_t) {
                  RunRows(w, static_cast<int64_t>(begin), static_cast<int64_t>(end));
                });
  if (longer) {  // the rows that did not fill a longer one
    const Work rest = {unchanged.state, &whole, unchanged.a, unchanged.b,
                       unchanged.y,     w.size, w.y_size};
    RunRows(rest, loop.dims[0] * (loop.dims[1] / whole.dims[1]), whole.dims[0]);
  }
  return Ok();
}

}  // namespace

extern const OpDef kBinaryOp = {"Binary", 2, 2, 1, 1, Infer, PlanStep, Run};

}  // namespace pare
