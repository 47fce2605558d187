#include <cmath>

#include "model_generated.h"
#include "runtime/kernels/norm/norm.h"
#include "runtime/kernels/reduce/reduce.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

struct State {
  const NormTable* kernels;
  ReduceFns sum, sum_square;
};

// x as [batch, spatial, channels].
struct Sizes {
  int64_t batch, spatial, channels, groups;
};

Status ReadSizes(const NodeView& node, Sizes* sizes) {
  const Shape& x = node.In(0)->shape;
  if (x.rank < 2) return ShapeError("GroupNorm needs a batch and a channel dimension");
  const int64_t channels = x[x.rank - 1];
  int64_t groups = node.Attributes<fb::GroupNorm>().groups();
  if (groups == 0) groups = channels;
  if (groups < 0 || (groups > 0 && channels % groups != 0) || (groups == 0 && channels != 0)) {
    return ShapeError("the channels of GroupNorm must be a multiple of its groups");
  }
  *sizes = {x[0], x.Elements(1, x.rank - 1), channels, groups};
  return Ok();
}

Status Infer(const NodeView& node) {
  Sizes sizes;
  PARE_TRY(ReadSizes(node, &sizes));
  for (uint32_t i = 0; i < 3; ++i) {
    const Tensor& t = *node.In(i);
    if (t.dtype != DType::kF32) return ShapeError("GroupNorm needs f32; cast its inputs");
    if (i > 0 && t.Elements() != sizes.channels) {
      return ShapeError("scale and bias of GroupNorm need one value a channel");
    }
  }
  return InferSameAsInput(node);
}

static_assert(IsBuilt(ReduceCore::kSum) && IsBuilt(ReduceCore::kSumSquare),
              "cmake/PareSchema.cmake must say what GroupNorm needs");

Status PlanStep(PlanContext& context) {
  State* state = context.NewState<State>();
  state->kernels = &SelectNorm(context.cpu);
  state->sum = SelectReduce(ReduceCore::kSum, ReduceType::kF32, context.cpu);
  state->sum_square = SelectReduce(ReduceCore::kSumSquare, ReduceType::kF32, context.cpu);
  Sizes sizes;
  PARE_TRY(ReadSizes(context, &sizes));
  // For each image and channel: mean, scale and a sum.
  context.scratch_bytes = static_cast<uint64_t>(sizes.batch * sizes.channels) * 3 * sizeof(float);
  context.kernel = "group_norm_f32";
  context.in_place = 0;
  return Ok();
}

// Replaces each channel's sum by its group's, divided by the group's elements.
void AverageGroups(const Sizes& s, float* sums) {
  const int64_t each = s.channels / s.groups;
  for (int64_t g = 0; g < s.groups; ++g, sums += each) {
    double total = 0;
    for (int64_t c = 0; c < each; ++c) total += sums[c];
    const auto mean = static_cast<float>(total / (static_cast<double>(each) * s.spatial));
    for (int64_t c = 0; c < each; ++c) sums[c] = mean;
  }
}

// out[n][c] = sum over the spatial dimension; columns are the tasks, where images are few.
void SumChannels(const RunContext& context, const Sizes& s, const ReduceFns& kernel,
                 const float* offset, float* out) {
  constexpr int64_t kColumns = 64;
  const float* x = context.In(0)->Data<float>();
  const int64_t blocks = (s.channels + kColumns - 1) / kColumns;
  ParallelRange(
      context, s.batch * blocks, s.spatial * kColumns, [&](size_t begin, size_t end, size_t) {
        for (auto i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
          const int64_t n = i / blocks, c = i % blocks * kColumns;
          const int64_t count = s.channels - c < kColumns ? s.channels - c : kColumns;
          float* acc = out + n * s.channels + c;
          for (int64_t j = 0; j < count; ++j) acc[j] = 0;
          kernel.columns(x + n * s.spatial * s.channels + c, static_cast<size_t>(s.spatial),
                         static_cast<size_t>(s.channels), static_cast<size_t>(count),
                         offset != nullptr ? offset + n * s.channels + c : nullptr, acc);
        }
      });
  for (int64_t n = 0; n < s.batch; ++n) AverageGroups(s, out + n * s.channels);
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr || y->Elements() == 0) return Ok();
  Sizes s;
  PARE_TRY(ReadSizes(context, &s));
  const State& state = context.State<State>();
  const int64_t channels = s.batch * s.channels;
  float* mean = reinterpret_cast<float*>(context.scratch);
  float *variance = mean + channels, *scale = variance + channels;
  SumChannels(context, s, state.sum, nullptr, mean);
  SumChannels(context, s, state.sum_square, mean, variance);
  const float epsilon = context.Attributes<fb::GroupNorm>().epsilon();
  for (int64_t i = 0; i < channels; ++i) {
    scale[i] = context.In(1)->Data<float>()[i % s.channels] / std::sqrt(variance[i] + epsilon);
  }
  const float* x = context.In(0)->Data<float>();
  for (int64_t n = 0; n < s.batch; ++n) {
    ParallelRange(context, s.spatial, s.channels, [&](size_t begin, size_t end, size_t) {
      const int64_t at = (n * s.spatial + static_cast<int64_t>(begin)) * s.channels;
      state.kernels->channels(x + at, mean + n * s.channels, scale + n * s.channels,
                              context.In(2)->Data<float>(), y->Data<float>() + at, end - begin,
                              static_cast<size_t>(s.channels));
    });
  }
  return Ok();
}

}  // namespace

extern const OpDef kGroupNormOp = {"GroupNorm", 3, 3, 1, 1, Infer, PlanStep, Run};

}  // namespace pare
