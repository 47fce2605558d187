// ConstantOfShape: a tensor of one repeated value.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const auto type = static_cast<uint8_t>(node.Attributes<fb::ConstantOfShape>().dtype());
  if (type >= kDTypeCount) return ShapeError("ConstantOfShape: no such type");
  Shape shape;
  PARE_TRY(ReadIntegers(node, 0, nullptr, shape.dims, kMaxRank, &shape.rank));
  return SetCheckedOutput(node, 0, static_cast<DType>(type), shape);
}

Status Run(const RunContext& context) {
  const Tensor* out = context.Out(0);
  if (out == nullptr) return Ok();
  // The low bytes come first: hosts are little-endian, as the file is.
  const uint64_t bits = context.Attributes<fb::ConstantOfShape>().bits();
  FillElements(out->data, &bits, SizeOf(out->dtype), out->Elements());
  return Ok();
}

}  // namespace

extern const OpDef kConstantOfShapeOp = {"ConstantOfShape", 1, 1, 1, 1, Infer, nullptr, Run};

}  // namespace pare
