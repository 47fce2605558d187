// EyeLike: ones on diagonal k of a matrix as large as the input.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  const auto type = static_cast<uint8_t>(node.Attributes<fb::EyeLike>().dtype());
  if (type >= kDTypeCount) return ShapeError("EyeLike: no such type");
  if (x.shape.rank != 2) return ShapeError("EyeLike: the input must be a matrix");
  return SetCheckedOutput(node, 0, static_cast<DType>(type), x.shape);
}

Status Run(const RunContext& context) {
  const Tensor* out = context.Out(0);
  if (out == nullptr) return Ok();
  const uint64_t zero = 0, one = ElementBits(out->dtype, 1);
  const size_t element = SizeOf(out->dtype);
  const int64_t rows = out->shape[0], columns = out->shape[1];
  FillElements(out->data, &zero, element, out->Elements());
  const int64_t k = context.Attributes<fb::EyeLike>().k();
  if (k <= -rows || k >= columns) return Ok();
  for (int64_t row = k < 0 ? -k : 0; row < rows && row + k < columns; ++row) {
    CopyBytes(out->Data<std::byte>() + static_cast<size_t>(row * columns + row + k) * element, &one,
              element);
  }
  return Ok();
}

}  // namespace

extern const OpDef kEyeLikeOp = {"EyeLike", 1, 1, 1, 1, Infer, nullptr, Run};

}  // namespace pare
