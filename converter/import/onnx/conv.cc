// Convolutions: channels-first in ONNX, channels-last in Pare.
#include "converter/import/onnx/image.h"
#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

// [C, M/group, kernel...] -> [M, kernel..., C/group].
Result<ValueId> TransposedWeight(OnnxNode& n, ValueId w, int rank, int64_t group) {
  std::vector<int64_t> perm = {1};
  for (int i = 2; i < rank; ++i) perm.push_back(i);
  perm.push_back(0);
  if (group == 1) return n.Transpose(w, perm);
  const Weight* weight = n.graph().ConstantOf(w);
  if (weight == nullptr) return Unsupported("groups with weights that are not constant");
  const Shape shape = weight->shape;
  if (shape[0] % group != 0) return Malformed("its weights do not fit into its groups");
  // [g, C/g, M/g, k...] -> [g, M/g, k..., C/g] -> [M, k..., C/g]
  Weight split = *weight;
  split.shape.rank = 0;
  split.shape.Push(group);
  split.shape.Push(shape[0] / group);
  for (int i = 1; i < rank; ++i) {
    if (!split.shape.Push(shape[i])) return Unsupported("too many dimensions");
  }
  for (int64_t& axis : perm) ++axis;
  perm.insert(perm.begin(), 0);
  const ValueId grouped = n.Transpose(n.scope().builder->AddWeight(std::move(split)), perm);
  Value& value = n.graph().values[static_cast<size_t>(grouped)];
  Weight& result = n.graph().weights[static_cast<size_t>(value.weight)];
  Shape merged;
  merged.Push(group * result.shape[1]);
  for (int i = 2; i <= rank; ++i) merged.Push(result.shape[i]);
  value.shape = result.shape = merged;
  return grouped;
}

Status ImportConv(OnnxNode& n) {
  Result<int> known = n.Rank(1);
  const int rank = known.ok() ? *known : PARE_TRY(n.Rank(0));
  if (rank < 3) return Malformed("its input has no spatial dimension");
  fb::ConvT op;
  op.group = n.Int("group", 1);
  PARE_TRY(ReadWindow(n, rank, &op.strides, &op.dilations, &op.pads, &op.auto_pad));
  const ValueId y = n.Make(
      std::move(op), {n.ToChannelsLast(n.In(0), rank), n.ToChannelsLast(n.In(1), rank), n.In(2)});
  n.EmitChannelsFirst(0, y, rank);
  return Ok();
}

Status ImportConvTranspose(OnnxNode& n) {
  Result<int> known = n.Rank(1);
  const int rank = known.ok() ? *known : PARE_TRY(n.Rank(0));
  if (rank < 3) return Malformed("its input has no spatial dimension");
  fb::ConvTransposeT op;
  op.group = n.Int("group", 1);
  if (op.group < 1) return Malformed("it has less than one group");
  PARE_TRY(ReadWindow(n, rank, &op.strides, &op.dilations, &op.pads, &op.auto_pad));
  op.output_padding = n.Ints("output_padding");
  op.output_shape = n.Ints("output_shape");
  // Some exporters give the whole shape, batch and channels first.
  if (op.output_shape.size() == static_cast<size_t>(rank))
    op.output_shape.erase(op.output_shape.begin(), op.output_shape.begin() + 2);
  const ValueId w = PARE_TRY(TransposedWeight(n, n.In(1), rank, op.group));
  const ValueId y = n.Make(std::move(op), {n.ToChannelsLast(n.In(0), rank), w, n.In(2)});
  n.EmitChannelsFirst(0, y, rank);
  return Ok();
}

constexpr OnnxOp kOps[] = {
    {"Conv", ImportConv, 2},
    {"ConvTranspose", ImportConvTranspose, 2},
};

}  // namespace

OnnxOps ConvOnnxOps() { return kOps; }

}  // namespace pare::converter
