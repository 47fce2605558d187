// Split: parts of a tensor along an axis.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

// Size of part i of equal parts; the last takes what is left.
int64_t EqualPart(const NodeView& node, int64_t size, uint32_t i) {
  const int64_t parts = node.output_count;
  const int64_t most = (size + parts - 1) / parts;
  const int64_t left = size - most * static_cast<int64_t>(i);
  return left < 0 ? 0 : left < most ? left : most;
}

bool HasSizes(const NodeView& node) {
  const auto* list = node.Attributes<fb::Split>().sizes();
  return node.In(1) != nullptr || (list != nullptr && list->size() != 0);
}

// Size i of the input or the attribute.
int64_t GivenSize(const NodeView& node, uint32_t i) {
  if (const Tensor* t = node.In(1)) return IntegerAt(*t, i);
  return node.Attributes<fb::Split>().sizes()->Get(i);
}

// Checks that there is a size for each output and that they add up to `size`.
Status CheckSizes(const NodeView& node, int64_t size) {
  const Tensor* t = node.In(1);
  const int64_t count = t != nullptr
                            ? t->Elements()
                            : static_cast<int64_t>(node.Attributes<fb::Split>().sizes()->size());
  if (count != node.output_count) return ShapeError("Split: needs one size for each output");
  int64_t sum = 0;
  for (uint32_t i = 0; i < node.output_count; ++i) {
    const int64_t part = GivenSize(node, i);
    if (part < 0 || __builtin_add_overflow(sum, part, &sum)) {
      return ShapeError("Split: a size is negative or too large");
    }
  }
  if (sum != size) return ShapeError("Split: the sizes do not add up to the dimension");
  return Ok();
}

int64_t SizeOfPart(const NodeView& node, int64_t size, uint32_t i) {
  return HasSizes(node) ? GivenSize(node, i) : EqualPart(node, size, i);
}

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  if (x.layout != Layout::kPlain) return ShapeError("Split: cannot read a packed weight");
  int64_t axis = node.Attributes<fb::Split>().axis();
  if (!NormalizeAxis(x.shape.rank, &axis)) {
    return ShapeError("Split: the axis is outside the rank of the input");
  }
  const int at = static_cast<int>(axis);
  if (IsUnknown(node, 1)) {
    for (uint32_t i = 0; i < node.output_count; ++i) {
      PARE_TRY(SetDynamicOutput(node, i, x.dtype, x.shape));
    }
    return Ok();
  }
  if (HasSizes(node)) PARE_TRY(CheckSizes(node, x.shape[at]));
  Shape shape = x.shape;
  for (uint32_t i = 0; i < node.output_count; ++i) {
    shape[at] = SizeOfPart(node, x.shape[at], i);
    SetOutput(node, i, x.dtype, shape);
  }
  return Ok();
}

Status Run(const RunContext& context) {
  const Tensor& x = *context.In(0);
  int64_t axis = context.Attributes<fb::Split>().axis();
  NormalizeAxis(x.shape.rank, &axis);
  const int at = static_cast<int>(axis);
  if (HasSizes(context)) PARE_TRY(CheckSizes(context, x.shape[at]));
  const size_t element = SizeOf(x.dtype);
  const int64_t outer = x.shape.Elements(0, at);
  const int64_t inner = x.shape.Elements(at + 1, x.shape.rank) * static_cast<int64_t>(element);
  const std::byte* from = x.Data<const std::byte>();
  for (uint32_t i = 0; i < context.output_count; ++i) {
    const int64_t part = SizeOfPart(context, x.shape[at], i);
    Tensor* out = context.Out(i);
    if (out != nullptr) {
      out->shape[at] = part;
      StridedCopy copy(element);
      copy.Add(outer, x.shape[at] * inner, part * inner);
      copy.AddContiguous(part * inner);
      copy.Run(from, out->data, context.threads);
    }
    from += part * inner;
  }
  return Ok();
}

}  // namespace

extern const OpDef kSplitOp = {"Split", 1, 2, 1, kMany, Infer, nullptr, Run};

}  // namespace pare
