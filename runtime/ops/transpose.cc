#include "runtime/kernels/transpose/transpose.h"

#include <cstring>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/parallel.h"
#include "runtime/ops/support/strided_copy.h"
#include "runtime/ops/support/view.h"

namespace pare {
namespace {

// The transpose in the fewest dimensions, output order: those of size 1 are gone, those that stay
// neighbours are one, and where innermost elements stay together they are one larger element.
struct Moves {
  size_t bytes = 1;  // of an element
  int rank = 0;
  int64_t dims[kMaxRank] = {};
  int64_t from[kMaxRank] = {};  // strides in the input and the output, bytes
  int64_t to[kMaxRank] = {};
};

// perm[i]: the input's dimension that becomes dimension i.
Status ReadPerm(const NodeView& node, int* perm) {
  const auto* list = node.Attributes<fb::Transpose>().perm();
  const int rank = node.In(0)->shape.rank;
  for (int i = 0; i < rank; ++i) perm[i] = rank - 1 - i;
  if (list == nullptr || (list->size() == 0 && rank > 0)) return Ok();
  if (list->size() != static_cast<uint32_t>(rank)) {
    return ShapeError("perm must name every dimension of the input");
  }
  uint32_t seen = 0;
  for (int i = 0; i < rank; ++i) {
    int64_t axis = list->Get(static_cast<uint32_t>(i));
    if (!NormalizeAxis(rank, &axis) || (seen >> axis & 1) != 0) {
      return ShapeError("perm must name every dimension of the input once");
    }
    seen |= 1u << axis;
    perm[i] = static_cast<int>(axis);
  }
  return Ok();
}

Moves MakeMoves(const Tensor& x, const int* perm) {
  int64_t strides[kMaxRank];
  RowMajorStrides(x.shape, SizeOf(x.dtype), strides);
  Moves m;
  m.bytes = SizeOf(x.dtype);
  for (int i = 0; i < x.shape.rank; ++i) {
    const int64_t size = x.shape[perm[i]], stride = strides[perm[i]];
    if (size == 1) continue;
    if (m.rank > 0 && m.from[m.rank - 1] == size * stride) {
      m.dims[m.rank - 1] *= size;
      m.from[m.rank - 1] = stride;
    } else {
      m.dims[m.rank] = size;
      m.from[m.rank++] = stride;
    }
  }
  // A short innermost run that stays together is an element.
  if (m.rank > 1) {
    const int last = m.rank - 1;
    const auto run = static_cast<uint64_t>(m.dims[last]) * m.bytes;
    if (m.from[last] == static_cast<int64_t>(m.bytes) && run <= 8 && (run & (run - 1)) == 0) {
      m.bytes = static_cast<size_t>(run);
      --m.rank;
    }
  }
  int64_t stride = static_cast<int64_t>(m.bytes);
  for (int i = m.rank - 1; i >= 0; --i) {
    m.to[i] = stride;
    stride *= m.dims[i];
  }
  return m;
}

// True where the bytes keep their order.
bool IsCopy(const Moves& m) {
  return m.rank == 0 || (m.rank == 1 && m.from[0] == static_cast<int64_t>(m.bytes));
}

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  int perm[kMaxRank];
  PARE_TRY(ReadPerm(node, perm));
  Shape shape;
  shape.rank = x.shape.rank;
  for (int i = 0; i < shape.rank; ++i) shape[i] = x.shape[perm[i]];
  SetOutput(node, 0, x.dtype, shape);
  return Ok();
}

struct State {
  TransposeFn functions[4];  // by the logarithm of an element's bytes
};

Status PlanStep(PlanContext& context) {
  State* state = context.NewState<State>();
  for (size_t i = 0; i < 4; ++i) state->functions[i] = SelectTranspose(size_t{1} << i, context.cpu);
  int perm[kMaxRank];
  PARE_TRY(ReadPerm(context, perm));
  context.view = IsCopy(MakeMoves(*context.In(0), perm));
  context.kernel = context.view ? "view" : "transpose_bytes";
  return Ok();
}

// The plane of the output's innermost dimension (rows of x) and the input's (columns of x), and a
// loop over the others. Tasks are blocks of the plane's longer side.
class Planes {
 public:
  Planes(const Moves& m, TransposeFn function, const Tensor& x, const Tensor& y)
      : m_(m), function_(function), x_(x.Data<char>()), y_(y.Data<char>()) {
    row_ = m.rank - 1;
    col_ = 0;
    while (m.from[col_] != static_cast<int64_t>(m.bytes)) ++col_;
    split_rows_ = m.dims[row_] > m.dims[col_];
    const int64_t longer = m.dims[split_rows_ ? row_ : col_];
    const int64_t shorter = m.dims[split_rows_ ? col_ : row_];
    // Whole cache lines of both sides, and enough work.
    block_ = (static_cast<int64_t>(kGrain) / shorter + kBlock) / kBlock * kBlock;
    blocks_ = (longer + block_ - 1) / block_;
    for (int i = 0; i < m.rank; ++i) planes_ *= i == row_ || i == col_ ? 1 : m.dims[i];
  }

  int64_t tasks() const { return planes_ * blocks_; }
  int64_t cost() const { return m_.dims[row_] * m_.dims[col_] / blocks_ + 1; }

  void RunTask(int64_t task) const {
    int64_t plane = task / blocks_;
    const int64_t begin = task % blocks_ * block_;
    int64_t from = 0, to = 0;
    for (int i = m_.rank - 1; i >= 0; --i) {
      if (i == row_ || i == col_) continue;
      from += plane % m_.dims[i] * m_.from[i];
      to += plane % m_.dims[i] * m_.to[i];
      plane /= m_.dims[i];
    }
    TransposeArgs args = {};
    int64_t rows = m_.dims[row_], cols = m_.dims[col_];
    int64_t& split = split_rows_ ? rows : cols;
    split = split - begin < block_ ? split - begin : block_;
    const int dim = split_rows_ ? row_ : col_;
    args.x = x_ + from + begin * m_.from[dim];
    args.y = y_ + to + begin * m_.to[dim];
    args.rows = static_cast<size_t>(rows);
    args.cols = static_cast<size_t>(cols);
    args.x_stride = m_.from[row_];
    args.y_stride = m_.to[col_];
    function_(args);
  }

 private:
  static constexpr int64_t kBlock = 128;
  const Moves& m_;
  TransposeFn function_;
  const char* x_;
  char* y_;
  int row_, col_;
  bool split_rows_;
  int64_t block_, blocks_, planes_ = 1;
};

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr || y->Elements() == 0) return Ok();
  const Tensor& x = *context.In(0);
  int perm[kMaxRank];
  PARE_TRY(ReadPerm(context, perm));
  const Moves m = MakeMoves(x, perm);
  if (IsCopy(m)) return RunView(context);
  if (m.from[m.rank - 1] == static_cast<int64_t>(m.bytes)) {  // rows stay together
    StridedCopy copy(m.bytes);
    for (int i = 0; i < m.rank; ++i) copy.Add(m.dims[i], m.from[i], m.to[i]);
    copy.Run(x.data, y->data, context.threads);
    return Ok();
  }
  const int log_bytes = __builtin_ctz(static_cast<unsigned>(m.bytes));
  const Planes planes(m, context.State<State>().functions[log_bytes], x, *y);
  ParallelRange(context, planes.tasks(), planes.cost(), [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; ++i) planes.RunTask(static_cast<int64_t>(i));
  });
  return Ok();
}

}  // namespace

extern const OpDef kTransposeOp = {"Transpose", 1, 1, 1, 1, Infer, PlanStep, Run};

}  // namespace pare
