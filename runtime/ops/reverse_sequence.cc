// ReverseSequence: turns the first `length` steps of each sequence of a batch around.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor &x = *node.In(0), &lengths = *node.In(1);
  const auto& attributes = node.Attributes<fb::ReverseSequence>();
  int64_t batch = attributes.batch_axis(), time = attributes.time_axis();
  PARE_TRY(CheckIndexType(lengths));
  if (x.layout != Layout::kPlain) return ShapeError("ReverseSequence: cannot read a packed weight");
  if (!NormalizeAxis(x.shape.rank, &batch) || !NormalizeAxis(x.shape.rank, &time) ||
      batch == time) {
    return ShapeError("ReverseSequence: batch and time must be two axes of the input");
  }
  if (lengths.shape.rank != 1 || lengths.shape[0] != x.shape[static_cast<int>(batch)]) {
    return ShapeError("ReverseSequence: needs one length for each sequence");
  }
  return InferSameAsInput(node);
}

Status Run(const RunContext& context) {
  const Tensor &x = *context.In(0), &lengths = *context.In(1);
  const Tensor* out = context.Out(0);
  const auto& attributes = context.Attributes<fb::ReverseSequence>();
  int64_t batch = attributes.batch_axis(), time = attributes.time_axis();
  NormalizeAxis(x.shape.rank, &batch);
  NormalizeAxis(x.shape.rank, &time);
  const int64_t steps = x.shape[static_cast<int>(time)];
  for (int64_t b = 0; b < lengths.shape[0]; ++b) {
    const int64_t length = IntegerAt(lengths, b);
    if (length < 0 || length > steps) {
      return Error(Code::kInvalidArgument, "the length of a sequence exceeds its steps");
    }
  }
  if (out == nullptr || out->Elements() == 0) return Ok();
  int64_t strides[kMaxRank];
  RowMajorStrides(x.shape, SizeOf(x.dtype), strides);
  const int64_t batch_stride = strides[batch], time_stride = strides[time];
  for (int64_t b = 0; b < lengths.shape[0]; ++b) {
    const int64_t length = IntegerAt(lengths, b);
    for (int64_t t = 0; t < steps; ++t) {
      const int64_t source = t < length ? length - 1 - t : t;
      StridedCopy copy(SizeOf(x.dtype));
      for (int i = 0; i < x.shape.rank; ++i) {
        if (i != batch && i != time) copy.Add(x.shape[i], strides[i], strides[i]);
      }
      copy.Run(x.Data<const std::byte>() + b * batch_stride + source * time_stride,
               out->Data<std::byte>() + b * batch_stride + t * time_stride, nullptr);
    }
  }
  return Ok();
}

}  // namespace

extern const OpDef kReverseSequenceOp = {"ReverseSequence", 2, 2, 1, 1, Infer, nullptr, Run};

}  // namespace pare
