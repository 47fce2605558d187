// y = softmax(scale q k + mask) v for each head. K and V are packed once a run; a task computes
// some rows of one head, whose scores stay in cache between the two products.
#include <cmath>
#include <limits>

#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/kernels/matmul/matmul.h"
#include "runtime/kernels/softmax/softmax.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/op.h"

namespace pare {
namespace {

constexpr size_t kScoreBytes = 1 << 16;  // of a task
constexpr size_t kMaxRows = 48;          // of a task
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Sizes {
  size_t batch, heads, kv_heads;
  size_t queries, keys;   // T, S
  size_t depth, v_depth;  // of a head: D, E
  size_t mask_stride[4];  // of [B, H, T, S]; 0 where it broadcasts
};

Result<Sizes> SizesOf(const NodeView& node) {
  const auto& op = node.Attributes<fb::Attention>();
  const Shape &q = node.In(0)->shape, &k = node.In(1)->shape, &v = node.In(2)->shape;
  if (q.rank != 3 || k.rank != 3 || v.rank != 3)
    return ShapeError("attention takes q, k and v of rank 3");
  const int64_t heads = op.heads(), kv_heads = op.kv_heads() == 0 ? heads : op.kv_heads();
  if (heads < 1 || kv_heads < 1 || heads % kv_heads != 0 || q[2] % heads != 0 || q[2] == 0 ||
      k[2] != q[2] / heads * kv_heads || v[2] % kv_heads != 0)
    return ShapeError("the heads of attention do not fit its inputs");
  if (k[0] != q[0] || v[0] != q[0] || v[1] != k[1])
    return ShapeError("the inputs of attention differ in batch or length");
  const auto size = [](int64_t x) { return static_cast<size_t>(x); };
  Sizes s{size(q[0]), size(heads),        size(kv_heads),        size(q[1]),
          size(k[1]), size(q[2] / heads), size(v[2] / kv_heads), {0, 0, 0, 0}};
  if (const Tensor* mask = node.In(3)) {
    const size_t full[4] = {s.batch, s.heads, s.queries, s.keys};
    if (mask->shape.rank > 4) return ShapeError("the mask of attention has too many dimensions");
    size_t stride = 1;
    for (int i = mask->shape.rank - 1, d = 3; i >= 0; --i, --d) {
      const size_t dim = size(mask->shape[i]);
      if (dim != 1 && dim != full[d]) return ShapeError("the mask of attention does not broadcast");
      s.mask_stride[d] = dim == 1 ? 0 : stride;
      stride *= dim;
    }
  }
  return s;
}

Status Infer(const NodeView& node) {
  for (uint32_t i = 0; i < node.input_count; ++i) {
    if (node.In(i) != nullptr && node.In(i)->dtype != DType::kF32)
      return Error(Code::kUnsupported, "attention computes on f32");
  }
  const Sizes s = PARE_TRY(SizesOf(node));
  Shape y = node.In(0)->shape;
  y[2] = static_cast<int64_t>(s.heads * s.v_depth);
  SetOutput(node, 0, DType::kF32, y);
  return Ok();
}

struct State {
  const MatmulKernel *scores, *values;
  const SoftmaxTable* softmax;
  float scale;
};

size_t TaskRows(const Sizes& s, const MatmulKernel& kernel) {
  const size_t fit = kScoreBytes / sizeof(float) / (s.keys + 1);
  const size_t rows = (fit < kMaxRows ? fit : kMaxRows) / kernel.mr * kernel.mr;
  return rows < kernel.mr ? kernel.mr : rows;
}
// What every task size fits into.
uint64_t ThreadBytes(const Sizes& s) {
  return AlignUp(kScoreBytes + kMaxRows * s.keys * sizeof(float));
}
uint64_t KeyBytes(const Sizes& s) { return PackedBytesT16(DType::kF32, s.keys, s.depth); }
uint64_t ValueBytes(const Sizes& s) { return PackedBytesT16(DType::kF32, s.v_depth, s.keys); }

Status PlanAttention(PlanContext& context) {
  const Sizes s = PARE_TRY(SizesOf(context));
  auto* state = context.NewState<State>();
  state->scores =
      SelectMatmul(DType::kF32, DType::kF32, Layout::kT16, s.queries, s.keys, context.cpu);
  state->values =
      SelectMatmul(DType::kF32, DType::kF32, Layout::kT16, s.queries, s.v_depth, context.cpu);
  state->softmax = &SelectSoftmax(context.cpu);
  const float scale = context.Attributes<fb::Attention>().scale();
  state->scale = scale != 0 ? scale : 1 / std::sqrt(static_cast<float>(s.depth));
  context.scratch_bytes =
      s.batch * s.kv_heads * (KeyBytes(s) + ValueBytes(s)) + context.threads * ThreadBytes(s);
  context.kernel = state->scores->name;
  return Ok();
}

// c = alpha * a b + bias + addend for a few rows: every tile of one block.
struct Product {
  const MatmulKernel* kernel;
  const float* a;
  size_t a_stride, rows, k;
  const float* b;
  size_t n;
  float* c;
  size_t c_stride;
  float alpha = 1;
  const float* bias = nullptr;
  const float* addend = nullptr;
  size_t addend_stride = 0;
};

void Multiply(const Product& p) {
  const void* pointers[kMaxRows];
  MatmulArgs args{};
  args.a = pointers;
  args.taps = 1;
  args.k = p.k;
  args.panel_bytes = PackedBytesT16(DType::kF32, kPanelRows, p.k);
  args.c_stride = p.c_stride;
  args.addend_stride = p.addend_stride;
  args.alpha = p.alpha;
  args.lower = -kInfinity;
  args.upper = kInfinity;
  const size_t mr = p.kernel->mr, nr = p.kernel->nr;
  for (size_t j = 0; j < p.n; j += nr) {
    args.b = args.next = p.b + j * p.k;
    args.n = p.n - j < nr ? p.n - j : nr;
    args.bias = p.bias == nullptr ? nullptr : p.bias + j;
    for (size_t i = 0; i < p.rows; i += mr) {
      args.rows = p.rows - i < mr ? p.rows - i : mr;
      for (size_t r = 0; r < args.rows; ++r) pointers[r] = p.a + (i + r) * p.a_stride;
      args.c = p.c + i * p.c_stride + j;
      args.addend = p.addend == nullptr ? nullptr : p.addend + i * p.addend_stride + j;
      p.kernel->run(args);
    }
  }
}

// Rows [first, first + rows) of head h in batch b.
struct Task {
  size_t b, h, first, rows;
};

void Score(const RunContext& context, const Sizes& s, const Task& t, const float* keys,
           float* scores) {
  const auto& state = context.State<State>();
  const size_t q_row = s.heads * s.depth;
  Product p{state.scores,
            context.In(0)->Data<float>() + (t.b * s.queries + t.first) * q_row + t.h * s.depth,
            q_row,
            t.rows,
            s.depth,
            keys,
            s.keys,
            scores,
            s.keys};
  p.alpha = state.scale;
  const float* mask = nullptr;
  if (const Tensor* m = context.In(3)) {
    mask = m->Data<float>() + t.b * s.mask_stride[0] + t.h * s.mask_stride[1] +
           t.first * s.mask_stride[2];
    if (s.mask_stride[3] != 0 && s.mask_stride[2] == 0) p.bias = mask;
    if (s.mask_stride[3] != 0 && s.mask_stride[2] != 0) {
      p.addend = mask;
      p.addend_stride = s.mask_stride[2];
    }
  }
  Multiply(p);
  if (mask == nullptr || s.mask_stride[3] != 0) return;
  for (size_t i = 0; i < t.rows * s.keys; ++i) scores[i] += mask[i / s.keys * s.mask_stride[2]];
}

// Query i sees keys up to its own position, counted from the end.
size_t VisibleKeys(const Sizes& s, size_t query, bool causal) {
  if (!causal) return s.keys;
  const size_t past_last = query + 1 + s.keys;
  if (past_last <= s.queries) return 0;
  return past_last - s.queries < s.keys ? past_last - s.queries : s.keys;
}

// The first key that is not masked.
size_t FirstSeen(const float* scores, size_t keys) {
  size_t first = 0;
  while (first < keys && scores[first] == -kInfinity) ++first;
  return first;
}

void RunTask(const RunContext& context, const Sizes& s, const Task& t, const float* keys,
             const float* values, float* scores) {
  const auto& state = context.State<State>();
  const bool causal = context.Attributes<fb::Attention>().causal();
  Score(context, s, t, keys, scores);
  for (size_t i = 0; i < t.rows; ++i) {
    float* row = scores + i * s.keys;
    const size_t visible = VisibleKeys(s, t.first + i, causal);
    const size_t first = FirstSeen(row, visible);
    if (first < visible) state.softmax->row(row, row, visible, false);
    for (size_t j = first < visible ? visible : 0; j < s.keys; ++j) row[j] = 0;
  }
  const size_t y_row = s.heads * s.v_depth;
  Multiply({state.values, scores, s.keys, t.rows, s.keys, values, s.v_depth,
            context.Out(0)->Data<float>() + (t.b * s.queries + t.first) * y_row + t.h * s.v_depth,
            y_row});
}

Status Run(const RunContext& context) {
  const Sizes s = PARE_TRY(SizesOf(context));
  const auto& state = context.State<State>();
  const ThreadPool& threads = *context.threads;
  const size_t key_floats = KeyBytes(s) / sizeof(float),
               value_floats = ValueBytes(s) / sizeof(float);
  auto* keys = reinterpret_cast<float*>(context.scratch);
  float* values = keys + s.batch * s.kv_heads * key_floats;
  auto* thread_scratch = reinterpret_cast<std::byte*>(values + s.batch * s.kv_heads * value_floats);
  threads.ForEach(s.batch * s.kv_heads, [&](size_t i, size_t) {
    const size_t b = i / s.kv_heads, h = i % s.kv_heads;
    const size_t k_row = s.kv_heads * s.depth, v_row = s.kv_heads * s.v_depth;
    PackRowsT16(context.In(1)->Data<float>() + b * s.keys * k_row + h * s.depth, k_row, s.keys,
                s.depth, keys + i * key_floats);
    PackColumnsT16(context.In(2)->Data<float>() + b * s.keys * v_row + h * s.v_depth, v_row,
                   s.v_depth, s.keys, values + i * value_floats);
  });
  const size_t rows = TaskRows(s, *state.scores);
  const size_t blocks = (s.queries + rows - 1) / rows;
  threads.ForEach(s.batch * s.heads * blocks, [&](size_t i, size_t thread) {
    Task t{};
    t.b = i / blocks / s.heads;
    t.h = i / blocks % s.heads;
    t.first = i % blocks * rows;
    t.rows = s.queries - t.first < rows ? s.queries - t.first : rows;
    const size_t kv = t.b * s.kv_heads + t.h / (s.heads / s.kv_heads);
    RunTask(context, s, t, keys + kv * key_floats, values + kv * value_floats,
            reinterpret_cast<float*>(thread_scratch + thread * ThreadBytes(s)));
  });
  return Ok();
}

}  // namespace

extern const OpDef kAttentionOp = {"Attention", 3, 4, 1, 1, Infer, PlanAttention, Run};

}  // namespace pare
