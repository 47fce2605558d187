// SpaceToDepth on [N, H, W, C]: moves blocks of the image into channels.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

constexpr int64_t kMostBlock = 1 << 15;  // its square stays small

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  const int64_t block = node.Attributes<fb::SpaceToDepth>().block();
  if (x.layout != Layout::kPlain) return ShapeError("SpaceToDepth: cannot read a packed weight");
  if (x.shape.rank != 4) return ShapeError("SpaceToDepth: the input must be [N, H, W, C]");
  if (block < 1 || block > kMostBlock || x.shape[1] % block != 0 || x.shape[2] % block != 0) {
    return ShapeError("SpaceToDepth: the image does not divide into blocks");
  }
  Shape shape = x.shape;
  shape[1] /= block;
  shape[2] /= block;
  if (!CheckedMultiply(shape[3], block * block, &shape[3])) {
    return ShapeError("SpaceToDepth: the result does not fit into memory");
  }
  return SetCheckedOutput(node, 0, x.dtype, shape);
}

Status Run(const RunContext& context) {
  const Tensor& x = *context.In(0);
  const Tensor* out = context.Out(0);
  if (out == nullptr || out->Elements() == 0) return Ok();
  const int64_t block = context.Attributes<fb::SpaceToDepth>().block(), depth = x.shape[3];
  const int64_t element = static_cast<int64_t>(SizeOf(x.dtype));
  int64_t from[kMaxRank], to[kMaxRank];
  RowMajorStrides(x.shape, SizeOf(x.dtype), from);
  RowMajorStrides(out->shape, SizeOf(x.dtype), to);
  StridedCopy copy(SizeOf(x.dtype));
  copy.Add(x.shape[0], from[0], to[0]);
  copy.Add(out->shape[1], from[1] * block, to[1]);
  copy.Add(block, from[1], block * depth * element);
  copy.Add(out->shape[2], from[2] * block, to[2]);
  copy.Add(block, from[2], depth * element);
  copy.Add(depth, element, element);
  copy.Run(x.data, out->data, context.threads);
  return Ok();
}

}  // namespace

extern const OpDef kSpaceToDepthOp = {"SpaceToDepth", 1, 1, 1, 1, Infer, nullptr, Run};

}  // namespace pare
