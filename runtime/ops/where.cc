#include <cstring>

#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/broadcast.h"
#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor &condition = *node.In(0), &a = *node.In(1), &b = *node.In(2);
  if (condition.dtype != DType::kBool && condition.dtype != DType::kU8) {
    return ShapeError("the condition must be bool");
  }
  if (a.dtype != b.dtype) return ShapeError("both alternatives must have one type");
  Shape shape;
  if (!BroadcastShapes(a.shape, b.shape, &shape) ||
      !BroadcastShapes(condition.shape, shape, &shape)) {
    return ShapeError("the inputs do not broadcast");
  }
  return SetCheckedOutput(node, 0, a.dtype, shape);
}

Status PlanStep(PlanContext& context) {
  context.kernel = "where_bytes";
  const Tensor* y = context.Out(0);
  if (y == nullptr) return Ok();
  for (int i = 1; i <= 2 && context.in_place < 0; ++i) {
    if (context.In(static_cast<uint32_t>(i))->shape == y->shape) context.in_place = i;
  }
  return Ok();
}

struct Row {
  const uint8_t* condition;
  const void *a, *b;
  void* y;
  int64_t n, condition_step, a_step, b_step;
};

template <class T>
void Select(const Row& row) {
  const T *a = static_cast<const T*>(row.a), *b = static_cast<const T*>(row.b);
  T* y = static_cast<T*>(row.y);
  if (row.condition_step == 1 && row.a_step == 1 && row.b_step == 1) {
    for (int64_t i = 0; i < row.n; ++i) y[i] = row.condition[i] != 0 ? a[i] : b[i];
    return;
  }
  for (int64_t i = 0; i < row.n; ++i) {
    y[i] = row.condition[i * row.condition_step] != 0 ? a[i * row.a_step] : b[i * row.b_step];
  }
}

void SelectBySize(size_t size, const Row& row) {
  switch (size) {
    case 1: return Select<uint8_t>(row);
    case 2: return Select<uint16_t>(row);
    case 4: return Select<uint32_t>(row);
    default: return Select<uint64_t>(row);
  }
}

// True where y lies on an operand that it repeats: the planner let it replace that operand at sizes
// at which both were alike.
bool Overlaps(const Tensor& y, const Tensor& operand) {
  return y.data == operand.data && y.shape != operand.shape;
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr || y->Elements() == 0) return Ok();
  const Tensor &condition = *context.In(0), &a = *context.In(1), &b = *context.In(2);
  const Shape* shapes[] = {&condition.shape, &a.shape, &b.shape};
  const BroadcastLoop loop = MakeBroadcastLoop(y->shape, shapes, 3);
  const int inner = loop.rank - 1;
  const size_t size = SizeOf(y->dtype);
  const int64_t n = loop.dims[inner];
  const int64_t steps[] = {loop.strides[0][inner], loop.strides[1][inner], loop.strides[2][inner]};
  const auto run = [&](int64_t row, int64_t begin, int64_t end) {
    int64_t offsets[kMaxOperands];
    loop.Offsets(row, offsets);
    const auto at = [&](const Tensor& t, int o) {
      return t.Data<std::byte>() + static_cast<size_t>(offsets[o] + begin * steps[o]) * size;
    };
    SelectBySize(size,
                 {condition.Data<uint8_t>() + offsets[0] + begin * steps[0], at(a, 1), at(b, 2),
                  y->Data<std::byte>() + static_cast<size_t>(row * n + begin) * size, end - begin,
                  steps[0], steps[1], steps[2]});
  };
  if (Overlaps(*y, a) || Overlaps(*y, b)) {
    // Element by element from the end: what is read never lies behind what is written.
    for (int64_t i = y->Elements() - 1; i >= 0; --i) run(i / n, i % n, i % n + 1);
    return Ok();
  }
  if (loop.Rows() == 1) {
    ParallelRange(context, n, 1, [&](size_t begin, size_t end, size_t) {
      run(0, static_cast<int64_t>(begin), static_cast<int64_t>(end));
    });
    return Ok();
  }
  ParallelRange(context, loop.Rows(), n, [&](size_t begin, size_t end, size_t) {
    for (size_t row = begin; row < end; ++row) run(static_cast<int64_t>(row), 0, n);
  });
  return Ok();
}

}  // namespace

extern const OpDef kWhereOp = {"Where", 3, 3, 1, 1, Infer, PlanStep, Run};

}  // namespace pare
