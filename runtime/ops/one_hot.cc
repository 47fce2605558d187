// OneHot: a new axis that is `on` at the index and `off` elsewhere.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor &indices = *node.In(0), &values = *node.In(2);
  if (values.Elements() != 2) return ShapeError("OneHot: needs two values, off and on");
  int64_t depth;
  int count;
  PARE_TRY(ReadIntegers(node, 1, nullptr, &depth, 1, &count));
  if (count != 1 || depth < 0)
    return ShapeError("OneHot: the depth must be a number, not negative");
  int64_t axis = node.Attributes<fb::OneHot>().axis();
  if (!NormalizeAxis(indices.shape.rank + 1, &axis)) {
    return ShapeError("OneHot: the axis is outside the rank of the result");
  }
  Shape shape;
  bool fits = true;
  for (int i = 0; i < axis; ++i) fits &= shape.Push(indices.shape[i]);
  fits &= shape.Push(depth);
  for (int i = static_cast<int>(axis); i < indices.shape.rank; ++i) {
    fits &= shape.Push(indices.shape[i]);
  }
  if (!fits) return ShapeError("OneHot: the result has more than 8 dimensions");
  return SetCheckedOutput(node, 0, values.dtype, shape);
}

Status Run(const RunContext& context) {
  const Tensor &indices = *context.In(0), &values = *context.In(2);
  const Tensor* out = context.Out(0);
  if (out == nullptr || out->Elements() == 0) return Ok();
  int64_t axis = context.Attributes<fb::OneHot>().axis();
  NormalizeAxis(out->shape.rank, &axis);
  const int at = static_cast<int>(axis);
  const int64_t depth = out->shape[at], outer = out->shape.Elements(0, at),
                inner = out->shape.Elements(at + 1, out->shape.rank);
  const size_t element = SizeOf(out->dtype);
  const auto* off = values.Data<const std::byte>();
  FillElements(out->data, off, element, out->Elements());
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      int64_t index = IntegerAt(indices, o * inner + i);
      if (index < -depth || index >= depth) continue;  // all off, as ONNX says
      if (index < 0) index += depth;
      const int64_t target = (o * depth + index) * inner + i;
      CopyBytes(out->Data<std::byte>() + static_cast<size_t>(target) * element, off + element,
                element);
    }
  }
  return Ok();
}

}  // namespace

extern const OpDef kOneHotOp = {"OneHot", 3, 3, 1, 1, Infer, nullptr, Run};

}  // namespace pare
