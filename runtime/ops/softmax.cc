#include "runtime/kernels/softmax/softmax.h"

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/axis.h"
#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

struct State {
  const SoftmaxTable* kernels;
};

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  AxisView view;
  if (x.dtype != DType::kF32) return ShapeError("Softmax needs f32; cast the input");
  if (!ViewAxis(x.shape, node.Attributes<fb::Softmax>().axis(), &view)) {
    return ShapeError("the axis is outside the tensor's rank");
  }
  return InferSameAsInput(node);
}

Status PlanStep(PlanContext& context) {
  context.NewState<State>()->kernels = &SelectSoftmax(context.cpu);
  context.kernel = "softmax_f32";
  context.in_place = 0;
  return Ok();
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr || y->Elements() == 0) return Ok();
  const auto& attributes = context.Attributes<fb::Softmax>();
  AxisView view;
  (void)ViewAxis(y->shape, attributes.axis(), &view);
  const SoftmaxTable& kernels = *context.State<State>().kernels;
  const float* x = context.In(0)->Data<float>();
  float* out = y->Data<float>();
  const bool log = attributes.log();
  const auto n = static_cast<size_t>(view.n), inner = static_cast<size_t>(view.inner);
  if (inner == 1) {
    ParallelRange(context, view.outer, view.n * 4, [&](size_t begin, size_t end, size_t) {
      for (size_t i = begin; i < end; ++i) kernels.row(x + i * n, out + i * n, n, log);
    });
    return Ok();
  }
  // Blocks of columns of each outer index are the tasks.
  constexpr size_t kColumns = 64;
  const size_t blocks = (inner + kColumns - 1) / kColumns;
  ParallelRange(context, view.outer * static_cast<int64_t>(blocks), view.n * 4 * kColumns,
                [&](size_t begin, size_t end, size_t) {
                  for (size_t i = begin; i < end; ++i) {
                    const size_t first = i % blocks * kColumns;
                    const size_t offset = i / blocks * n * inner + first;
                    const size_t count = inner - first < kColumns ? inner - first : kColumns;
                    kernels.columns(x + offset, out + offset, n, inner, count, log);
                  }
                });
  return Ok();
}

}  // namespace

extern const OpDef kSoftmaxOp = {"Softmax", 1, 1, 1, 1, Infer, PlanStep, Run};

}  // namespace pare
