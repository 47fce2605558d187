// Slice: a range with a step of each axis.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

struct AxisRange {
  int64_t start = 0, step = 1, count = 0;
};

int64_t Clamp(int64_t v, int64_t low, int64_t high) { return v < low ? low : v > high ? high : v; }

// The elements that [start:end:step] takes of an axis of `size`, as numpy counts them.
AxisRange RangeOf(int64_t size, int64_t start, int64_t end, int64_t step) {
  AxisRange range;
  range.step = step;
  if (start < 0) start += size;
  if (end < 0) end += size;
  uint64_t distance = 0, stride = 0;
  if (step > 0) {
    start = Clamp(start, 0, size);
    end = Clamp(end, 0, size);
    distance = end > start ? static_cast<uint64_t>(end - start) : 0;
    stride = static_cast<uint64_t>(step);
  } else {
    start = Clamp(start, -1, size - 1);
    end = Clamp(end, -1, size - 1);
    distance = start > end ? static_cast<uint64_t>(start - end) : 0;
    stride = 0 - static_cast<uint64_t>(step);
  }
  range.start = start;
  // Without (distance + stride - 1), which may overflow.
  range.count = static_cast<int64_t>(distance / stride + (distance % stride != 0 ? 1 : 0));
  return range;
}

// Reads the ranges of all axes. Inferring, *unknown tells that a start, end or step has no value
// yet; ranges then hold upper bounds.
Status ReadRanges(const NodeView& node, bool running, AxisRange* ranges, bool* unknown) {
  const Shape& x = node.In(0)->shape;
  const auto& attributes = node.Attributes<fb::Slice>();
  int64_t starts[kMaxRank], ends[kMaxRank], axes[kMaxRank], steps[kMaxRank];
  int count = 0, end_count = 0, axis_count = 0, step_count = 0;
  for (int i = 0; i < x.rank; ++i) ranges[i].count = x[i];
  *unknown = !running;
  if (!running) {
    bool missing = false;
    for (uint32_t i = 1; i <= 4; ++i) missing |= IsUnknown(node, i);
    if (missing) return Ok();
  }
  *unknown = false;
  PARE_TRY(ReadArguments(node, 1, attributes.starts(), running, starts, kMaxRank, &count));
  PARE_TRY(ReadArguments(node, 2, attributes.ends(), running, ends, kMaxRank, &end_count));
  PARE_TRY(ReadArguments(node, 3, attributes.axes(), running, axes, kMaxRank, &axis_count));
  PARE_TRY(ReadArguments(node, 4, attributes.steps(), running, steps, kMaxRank, &step_count));
  if (axis_count == 0) {
    axis_count = count;
    for (int i = 0; i < count; ++i) axes[i] = i;
  }
  if (step_count == 0) {
    step_count = count;
    for (int i = 0; i < count; ++i) steps[i] = 1;
  }
  if (end_count != count || axis_count != count || step_count != count) {
    return ShapeError("Slice: starts, ends, axes and steps differ in length");
  }
  uint32_t mask = 0;
  PARE_TRY(AxesMask(axes, count, x.rank, &mask));
  for (int i = 0; i < count; ++i) {
    NormalizeAxis(x.rank, &axes[i]);
    if (steps[i] == 0) return ShapeError("Slice: a step is 0");
    ranges[axes[i]] = RangeOf(x[static_cast<int>(axes[i])], starts[i], ends[i], steps[i]);
  }
  return Ok();
}

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  if (x.layout != Layout::kPlain) return ShapeError("Slice: cannot read a packed weight");
  AxisRange ranges[kMaxRank];
  bool unknown;
  PARE_TRY(ReadRanges(node, false, ranges, &unknown));
  Shape shape;
  for (int i = 0; i < x.shape.rank; ++i) shape.Push(ranges[i].count);
  return unknown ? SetDynamicOutput(node, 0, x.dtype, shape)
                 : SetCheckedOutput(node, 0, x.dtype, shape);
}

Status Run(const RunContext& context) {
  const Tensor& x = *context.In(0);
  Tensor* out = context.Out(0);
  if (out == nullptr) return Ok();
  AxisRange ranges[kMaxRank];
  bool unknown;
  PARE_TRY(ReadRanges(context, true, ranges, &unknown));
  int64_t from[kMaxRank], to[kMaxRank];
  for (int i = 0; i < x.shape.rank; ++i) out->shape[i] = ranges[i].count;
  if (out->Elements() == 0) return Ok();
  RowMajorStrides(x.shape, SizeOf(x.dtype), from);
  RowMajorStrides(out->shape, SizeOf(x.dtype), to);
  StridedCopy copy(SizeOf(x.dtype));
  const std::byte* first = x.Data<const std::byte>();
  for (int i = 0; i < x.shape.rank; ++i) {
    first += ranges[i].start * from[i];
    // A step across a single element may be any number: nothing follows it.
    const int64_t step = ranges[i].count > 1 ? ranges[i].step : 0;
    copy.Add(ranges[i].count, from[i] * step, to[i]);
  }
  copy.Run(first, out->data, context.threads);
  return Ok();
}

}  // namespace

extern const OpDef kSliceOp = {"Slice", 1, 5, 1, 1, Infer, nullptr, Run};

}  // namespace pare
