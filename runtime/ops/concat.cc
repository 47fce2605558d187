// Concat: tensors one after the other along an axis.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor& first = *node.In(0);
  int64_t axis = node.Attributes<fb::Concat>().axis();
  if (!NormalizeAxis(first.shape.rank, &axis)) {
    return ShapeError("Concat: the axis is outside the rank of the inputs");
  }
  Shape shape = first.shape;
  for (uint32_t i = 0; i < node.input_count; ++i) {
    const Tensor* in = node.In(i);
    if (in == nullptr) return ShapeError("Concat: an input is absent");
    if (in->layout != Layout::kPlain) return ShapeError("Concat: cannot read a packed weight");
    if (in->dtype != first.dtype) return ShapeError("Concat: the inputs differ in type");
    if (i == 0) continue;
    if (in->shape.rank != shape.rank) return ShapeError("Concat: the inputs differ in rank");
    for (int d = 0; d < shape.rank; ++d) {
      if (d == axis) {
        if (__builtin_add_overflow(shape[d], in->shape[d], &shape[d])) {
          return ShapeError("Concat: the result does not fit into memory");
        }
      } else if (in->shape[d] != shape[d]) {
        return ShapeError("Concat: the inputs differ in a dimension besides the axis");
      }
    }
  }
  return SetCheckedOutput(node, 0, first.dtype, shape);
}

Status Run(const RunContext& context) {
  const Tensor* out = context.Out(0);
  if (out == nullptr || out->Elements() == 0) return Ok();
  int64_t axis = context.Attributes<fb::Concat>().axis();
  NormalizeAxis(out->shape.rank, &axis);
  const int at = static_cast<int>(axis);
  const size_t element = SizeOf(out->dtype);
  const int64_t outer = out->shape.Elements(0, at);
  const int64_t out_row = out->shape.Elements(at, out->shape.rank) * static_cast<int64_t>(element);
  auto* to = out->Data<std::byte>();
  for (uint32_t i = 0; i < context.input_count; ++i) {
    const Tensor& in = *context.In(i);
    const int64_t row = in.shape.Elements(at, in.shape.rank) * static_cast<int64_t>(element);
    if (row == 0) continue;
    StridedCopy copy(element);
    copy.Add(outer, row, out_row);
    copy.AddContiguous(row);
    copy.Run(in.data, to, context.threads);
    to += row;
  }
  return Ok();
}

}  // namespace

extern const OpDef kConcatOp = {"Concat", 1, kMany, 1, 1, Infer, nullptr, Run};

}  // namespace pare
