// Compress: the slices of an axis, or the elements of the flattened input, whose condition is true.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

// Slices that the condition takes of `size`; it may be shorter or longer than the axis.
int64_t CountTrue(const Tensor& condition, int64_t size) {
  const int64_t n = condition.Elements() < size ? condition.Elements() : size;
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) count += condition.Data<uint8_t>()[i] != 0 ? 1 : 0;
  return count;
}

// The input as [outer, size, inner] around the axis.
struct Extent {
  int64_t outer = 1, size = 1, inner = 1;
};

Extent ExtentOf(const NodeView& node) {
  const Tensor& x = *node.In(0);
  const auto& attributes = node.Attributes<fb::Compress>();
  if (attributes.flat()) return {1, x.Elements(), 1};
  int64_t axis = attributes.axis();
  NormalizeAxis(x.shape.rank, &axis);
  const int at = static_cast<int>(axis);
  return {x.shape.Elements(0, at), x.shape[at], x.shape.Elements(at + 1, x.shape.rank)};
}

Status Infer(const NodeView& node) {
  const Tensor &x = *node.In(0), &condition = *node.In(1);
  const auto& attributes = node.Attributes<fb::Compress>();
  if (x.layout != Layout::kPlain) return ShapeError("Compress: cannot read a packed weight");
  if (condition.dtype != DType::kBool || condition.shape.rank != 1) {
    return ShapeError("Compress: the condition must be a list of bools");
  }
  Shape shape = x.shape;
  int64_t axis = attributes.axis();
  if (attributes.flat()) {
    shape = {1, {x.Elements()}};
    axis = 0;
  } else if (!NormalizeAxis(x.shape.rank, &axis)) {
    return ShapeError("Compress: the axis is outside the rank of the input");
  }
  int64_t& size = shape[static_cast<int>(axis)];
  if (condition.known) {
    size = CountTrue(condition, size);
    return SetCheckedOutput(node, 0, x.dtype, shape);
  }
  if (condition.shape[0] < size) size = condition.shape[0];
  return SetDynamicOutput(node, 0, x.dtype, shape);
}

Status Run(const RunContext& context) {
  const Tensor &x = *context.In(0), &condition = *context.In(1);
  Tensor* out = context.Out(0);
  if (out == nullptr) return Ok();
  const Extent extent = ExtentOf(context);
  const int64_t kept = CountTrue(condition, extent.size);
  int64_t axis = context.Attributes<fb::Compress>().axis();
  if (context.Attributes<fb::Compress>().flat()) axis = 0;
  NormalizeAxis(out->shape.rank, &axis);
  out->shape[static_cast<int>(axis)] = kept;
  const size_t slice = static_cast<size_t>(extent.inner) * SizeOf(x.dtype);
  const auto* from = x.Data<const std::byte>();
  auto* to = out->Data<std::byte>();
  for (int64_t o = 0; o < extent.outer; ++o) {
    for (int64_t i = 0; i < extent.size; ++i, from += slice) {
      if (i >= condition.Elements() || condition.Data<uint8_t>()[i] == 0) continue;
      CopyBytes(to, from, slice);
      to += slice;
    }
  }
  return Ok();
}

}  // namespace

extern const OpDef kCompressOp = {"Compress", 2, 2, 1, 1, Infer, nullptr, Run};

}  // namespace pare
