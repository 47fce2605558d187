// DepthToSpace on [N, H, W, C]: moves blocks of channels into the image.
#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

constexpr int64_t kMostBlock = 1 << 15;  // its square stays small

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  const int64_t block = node.Attributes<fb::DepthToSpace>().block();
  if (x.layout != Layout::kPlain) return ShapeError("DepthToSpace: cannot read a packed weight");
  if (x.shape.rank != 4) return ShapeError("DepthToSpace: the input must be [N, H, W, C]");
  if (block < 1 || block > kMostBlock || x.shape[3] % (block * block) != 0) {
    return ShapeError("DepthToSpace: the channels do not divide into blocks");
  }
  Shape shape = x.shape;
  if (!CheckedMultiply(shape[1], block, &shape[1]) ||
      !CheckedMultiply(shape[2], block, &shape[2])) {
    return ShapeError("DepthToSpace: the result does not fit into memory");
  }
  shape[3] /= block * block;
  return SetCheckedOutput(node, 0, x.dtype, shape);
}

Status Run(const RunContext& context) {
  const Tensor& x = *context.In(0);
  const Tensor* out = context.Out(0);
  if (out == nullptr || out->Elements() == 0) return Ok();
  const auto& attributes = context.Attributes<fb::DepthToSpace>();
  const int64_t block = attributes.block(), depth = out->shape[3];
  const int64_t element = static_cast<int64_t>(SizeOf(x.dtype));
  int64_t from[kMaxRank], to[kMaxRank];
  RowMajorStrides(x.shape, SizeOf(x.dtype), from);
  RowMajorStrides(out->shape, SizeOf(x.dtype), to);
  // Input channels: [block row, block column, depth], or with crd the depth first.
  const int64_t column = attributes.crd() ? element : depth * element;
  const int64_t channel = attributes.crd() ? block * block * element : element;
  StridedCopy copy(SizeOf(x.dtype));
  copy.Add(x.shape[0], from[0], to[0]);
  copy.Add(x.shape[1], from[1], to[1] * block);
  copy.Add(block, column * block, to[1]);
  copy.Add(x.shape[2], from[2], to[2] * block);
  copy.Add(block, column, to[2]);
  copy.Add(depth, channel, element);
  copy.Run(x.data, out->data, context.threads);
  return Ok();
}

}  // namespace

extern const OpDef kDepthToSpaceOp = {"DepthToSpace", 1, 1, 1, 1, Infer, nullptr, Run};

}  // namespace pare
