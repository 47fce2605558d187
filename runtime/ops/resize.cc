#include <cstring>

#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/parallel.h"
#include "runtime/ops/support/quantized.h"
#include "runtime/ops/support/resize_axis.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

struct State {
  ResizeFn function;     // null: nearest
  uint64_t table_bytes;  // scratch: positions of every axis, then two buffers between the passes
  uint64_t buffer_bytes;
};

Status Infer(const NodeView& node) {
  const auto& attributes = node.Attributes<fb::Resize>();
  const Tensor& x = *node.In(0);
  if (attributes.mode() > fb::ResizeMode::MAX ||
      attributes.coordinate() > fb::CoordinateMode::MAX ||
      attributes.nearest() > fb::NearestMode::MAX) {
    return Error(Code::kUnsupported, "unknown mode of Resize");
  }
  if (attributes.mode() != fb::ResizeMode::Nearest && x.dtype != DType::kF32) {
    return ShapeError("an interpolating Resize needs f32; cast the input");
  }
  ResizeAxis axes[kMaxRank];
  PARE_TRY(ReadResize(node, false, axes));
  Shape shape;
  for (int i = 0; i < x.shape.rank; ++i) shape[shape.rank++] = axes[i].out;
  return SetCheckedOutput(node, 0, x.dtype, shape);
}

// Axes are resized from the last to the first: pass i reads what the passes after it left.
Status PlanStep(PlanContext& context) {
  const auto& attributes = context.Attributes<fb::Resize>();
  const Tensor& x = *context.In(0);
  const Tensor* y = context.Out(0);
  State* state = context.NewState<State>();
  const ResizeTable& kernels = SelectResize(context.cpu);
  if (attributes.mode() == fb::ResizeMode::Linear) state->function = kernels.two;
  if (attributes.mode() == fb::ResizeMode::Cubic) state->function = kernels.four;
  context.kernel = state->function != nullptr ? "resize_f32" : "resize_nearest";
  if (y == nullptr) return Ok();
  Shape between = x.shape;
  for (int i = x.shape.rank - 1; i >= 0; --i) {
    state->table_bytes += AlignUp(static_cast<uint64_t>(y->shape[i]) * sizeof(ResizeTap), 64);
    between[i] = y->shape[i];
    uint64_t bytes;
    if (!CheckedBytes(between, sizeof(float), &bytes)) return ShapeError("Resize is too large");
    bytes = AlignUp(bytes, 64);
    if (bytes > state->buffer_bytes) state->buffer_bytes = bytes;
  }
  if (state->function == nullptr) state->buffer_bytes = 0;
  context.scratch_bytes = state->table_bytes + 2 * state->buffer_bytes;
  return Ok();
}

// Interpolates axis [outer, in, inner] of x into y.
void RunPass(const RunContext& context, const ResizeAxis& axis, const ResizeTap* positions,
             const float* x, float* y, int64_t outer, int64_t inner) {
  const auto& attributes = context.Attributes<fb::Resize>();
  const ResizeFn function = context.State<State>().function;
  ParallelRange(context, outer * axis.out, inner * 2, [&](size_t begin, size_t end, size_t) {
    const auto last = static_cast<int64_t>(end);
    for (auto i = static_cast<int64_t>(begin); i < last;) {
      const int64_t first = i % axis.out;
      const int64_t count = axis.out - first < last - i ? axis.out - first : last - i;
      ResizeArgs args = {};
      args.x = x + i / axis.out * axis.in * inner;
      args.y = y + i * inner;
      args.positions = positions + first;
      args.count = static_cast<size_t>(count);
      args.n = static_cast<size_t>(inner);
      args.outside = attributes.extrapolation();
      function(args);
      i += count;
    }
  });
}

struct Axes {
  ResizeAxis axis[kMaxRank];
  ResizeTap* positions[kMaxRank];
  bool unchanged[kMaxRank];
};

void RunInterpolation(const RunContext& context, const Axes& axes) {
  const Tensor &x = *context.In(0), &y = *context.Out(0);
  const State& state = context.State<State>();
  auto* buffer = reinterpret_cast<float*>(context.scratch + state.table_bytes);
  auto* other = reinterpret_cast<float*>(context.scratch + state.table_bytes + state.buffer_bytes);
  int passes = 0;
  for (int i = 0; i < x.shape.rank; ++i) passes += !axes.unchanged[i];
  if (passes == 0) return CopyBytes(y.data, x.data, y.Bytes());
  const float* from = x.Data<float>();
  for (int i = x.shape.rank - 1; i >= 0; --i) {
    if (axes.unchanged[i]) continue;
    float* to = --passes == 0 ? y.Data<float>() : buffer;
    RunPass(context, axes.axis[i], axes.positions[i], from, to, x.shape.Elements(0, i),
            y.shape.Elements(i + 1, y.shape.rank));
    from = to;
    buffer = other;
    other = to;
  }
}

// Nearest: the slices of x that y is made of, copied.
class Copies {
 public:
  Copies(const Tensor& x, const Tensor& y, const Axes& axes, uint64_t outside)
      : axes_(axes), element_(SizeOf(x.dtype)), outside_(outside) {
    last_ = x.shape.rank - 1;
    while (last_ > 0 && axes.unchanged[last_]) --last_;
    size_t in = element_, out = element_;
    for (int i = x.shape.rank - 1; i >= 0; --i) {
      in_bytes_[i] = in;  // of one step along axis i
      out_bytes_[i] = out;
      in *= static_cast<size_t>(x.shape[i]);
      out *= static_cast<size_t>(y.shape[i]);
    }
  }

  // Steps [begin, end) of axis `axis`. A step like the one before copies that one's result.
  void Run(int axis, const std::byte* x, std::byte* y, int64_t begin, int64_t end) const {
    const size_t in = in_bytes_[axis], out = out_bytes_[axis];
    int32_t before = -1;
    for (int64_t i = begin; i < end; ++i, y += out) {
      const int32_t index =
          axes_.unchanged[axis] ? static_cast<int32_t>(i) : axes_.positions[axis][i].index[0];
      const std::byte* from = x + static_cast<size_t>(index < 0 ? 0 : index) * in;
      if (index < 0) {
        FillElements(y, &outside_, element_, static_cast<int64_t>(out / element_));
      } else if (axis == last_) {
        std::memcpy(y, from, out);
      } else if (index == before) {
        std::memcpy(y, y - out, out);
      } else {
        Run(axis + 1, from, y, 0, axes_.axis[axis + 1].out);
      }
      before = index;
    }
  }

  int first() const {  // the axis to share among threads: the first that changes
    int i = 0;
    while (i < last_ && axes_.unchanged[i]) ++i;
    return i;
  }
  size_t in_bytes(int axis) const { return in_bytes_[axis]; }
  size_t out_bytes(int axis) const { return out_bytes_[axis]; }

 private:
  const Axes& axes_;
  size_t element_;
  uint64_t outside_;
  int last_;
  size_t in_bytes_[kMaxRank], out_bytes_[kMaxRank];
};

void RunNearest(const RunContext& context, const Axes& axes) {
  const Tensor &x = *context.In(0), &y = *context.Out(0);
  const float outside = context.Attributes<fb::Resize>().extrapolation();
  const Copies copies(x, y, axes, ElementBitsOf(x, outside));
  const int split = copies.first();
  const ResizeAxis& axis = axes.axis[split];
  const int64_t outer = x.shape.Elements(0, split);
  const size_t in = copies.in_bytes(split), out = copies.out_bytes(split);
  ParallelRange(context, outer * axis.out, static_cast<int64_t>(out / 4),
                [&](size_t begin, size_t end, size_t) {
                  const auto last = static_cast<int64_t>(end);
                  for (auto i = static_cast<int64_t>(begin); i < last;) {
                    const int64_t image = i / axis.out, first = i % axis.out;
                    const int64_t count = axis.out - first < last - i ? axis.out - first : last - i;
                    copies.Run(
                        split, x.Data<std::byte>() + static_cast<size_t>(image * axis.in) * in,
                        y.Data<std::byte>() + static_cast<size_t>(i) * out, first, first + count);
                    i += count;
                  }
                });
}

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr || y->Elements() == 0) return Ok();
  const auto& attributes = context.Attributes<fb::Resize>();
  const Tensor& x = *context.In(0);
  if (x.shape.rank == 0) {
    CopyBytes(y->data, x.data, y->Bytes());
    return Ok();
  }
  Axes axes = {};
  PARE_TRY(ReadResize(context, true, axes.axis));
  std::byte* table = context.scratch;
  for (int i = 0; i < x.shape.rank; ++i) {
    if (axes.axis[i].out != y->shape[i]) {
      return Error(Code::kInvalidArgument, "the scales or sizes of Resize changed after planning");
    }
    axes.unchanged[i] = IsUnchanged(attributes, axes.axis[i]);
    axes.positions[i] = reinterpret_cast<ResizeTap*>(table);
    if (!axes.unchanged[i]) FillPositions(attributes, axes.axis[i], axes.positions[i]);
    table += AlignUp(static_cast<uint64_t>(y->shape[i]) * sizeof(ResizeTap), 64);
  }
  context.State<State>().function != nullptr ? RunInterpolation(context, axes)
                                             : RunNearest(context, axes);
  return Ok();
}

}  // namespace

extern const OpDef kResizeOp = {"Resize", 1, 4, 1, 1, Infer, PlanStep, Run};

}  // namespace pare
