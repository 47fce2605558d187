#include <cmath>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const auto& attributes = node.Attributes<fb::Lrn>();
  const Tensor& x = *node.In(0);
  if (x.dtype != DType::kF32) return ShapeError("Lrn needs f32; cast the input");
  if (x.shape.rank < 1) return ShapeError("Lrn needs a channel dimension");
  if (attributes.size() < 1) return ShapeError("the size of Lrn must be at least 1");
  return InferSameAsInput(node);
}

// Squares of one row for each thread.
Status PlanStep(PlanContext& context) {
  const Shape& x = context.In(0)->shape;
  uint64_t bytes;
  if (__builtin_mul_overflow(static_cast<uint64_t>(x[x.rank - 1]), context.threads * sizeof(float),
                             &bytes)) {
    return ShapeError("too many channels");
  }
  context.scratch_bytes = bytes;
  context.kernel = "lrn_portable";
  context.in_place = 0;
  return Ok();
}

// y = x / (bias + alpha / size * sum of squares of the neighbours)^beta. y may be x.
void NormalizeRow(const fb::Lrn& a, const float* x, float* y, int64_t channels, float* squares) {
  for (int64_t c = 0; c < channels; ++c) squares[c] = x[c] * x[c];
  const int64_t before = (a.size() - 1) / 2, after = a.size() - 1 - before;
  const float alpha = a.alpha() / static_cast<float>(a.size());
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t begin = c > before ? c - before : 0;
    const int64_t end = channels - c > after ? c + after + 1 : channels;
    float sum = 0;
    for (int64_t i = begin; i < end; ++i) sum += squares[i];
    const float base = a.bias() + alpha * sum;
    // 0.75 is what trained networks use.
    const float root = std::sqrt(base);
    const float divisor = a.beta() == 0.75f ? root * std::sqrt(root) : std::pow(base, a.beta());
    y[c] = x[c] / divisor;
  }
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr || y->Elements() == 0) return Ok();
  const auto& attributes = context.Attributes<fb::Lrn>();
  const int64_t channels = y->shape[y->shape.rank - 1];
  const float* x = context.In(0)->Data<float>();
  float* squares = reinterpret_cast<float*>(context.scratch);
  ParallelRange(context, y->Elements() / channels, channels * 8,
                [&](size_t begin, size_t end, size_t thread) {
                  for (auto i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
                    NormalizeRow(attributes, x + i * channels, y->Data<float>() + i * channels,
                                 channels, squares + static_cast<int64_t>(thread) * channels);
                  }
                });
  return Ok();
}

}  // namespace

extern const OpDef kLrnOp = {"Lrn", 1, 1, 1, 1, Infer, PlanStep, Run};

}  // namespace pare
