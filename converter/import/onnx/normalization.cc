// Normalizations and the softmax family.
#include <cmath>

#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

using fb::BinaryKind;
using fb::UnaryKind;

// [C] -> [C, 1, 1...], to stand under [N, C, spatial...].
ValueId ChannelVector(OnnxNode& n, ValueId v, int rank) {
  if (rank <= 2) return v;
  if (const Weight* w = n.graph().ConstantOf(v); w != nullptr && w->shape.rank == 1) {
    Weight shaped = *w;  // shares the bytes
    for (int i = 2; i < rank; ++i) shaped.shape.Push(1);
    return n.scope().builder->AddWeight(std::move(shaped));
  }
  std::vector<int64_t> axes;
  for (int i = 2; i < rank; ++i) axes.push_back(i - 1);
  return n.Unsqueeze(v, std::move(axes));
}

// Scale and offset of a batch normalization at inference, folded where all is known.
Status FoldBatchNorm(OnnxNode& n, double epsilon, ValueId* scale, ValueId* offset) {
  std::vector<float> p[4];  // scale, bias, mean, variance
  bool known = true;
  for (int i = 0; i < 4; ++i) {
    known = known && n.FloatsOf(n.In(i + 1), &p[i]) && n.Of(n.In(i + 1)).dtype == DType::kF32;
  }
  if (!known) {
    const ValueId variance = n.Binary(BinaryKind::Add, n.In(4), n.ScalarLike(n.In(4), epsilon));
    *scale = n.Binary(BinaryKind::Div, n.In(1), n.Unary(UnaryKind::Sqrt, variance));
    *offset = n.Binary(BinaryKind::Sub, n.In(2), n.Binary(BinaryKind::Mul, n.In(3), *scale));
    return Ok();
  }
  const size_t channels = p[0].size();
  if (p[1].size() != channels || p[2].size() != channels || p[3].size() != channels)
    return Malformed("scale, bias, mean and variance differ in size");
  for (size_t c = 0; c < channels; ++c) {
    const double factor = p[0][c] / std::sqrt(p[3][c] + epsilon);
    p[1][c] = static_cast<float>(p[1][c] - p[2][c] * factor);
    p[0][c] = static_cast<float>(factor);
  }
  Shape shape;
  shape.Push(static_cast<int64_t>(channels));
  *scale = n.Constant<float>(shape, p[0]);
  *offset = n.Constant<float>(shape, p[1]);
  return Ok();
}

Status ImportBatchNorm(OnnxNode& n) {
  if (n.Int("training_mode", 0) != 0 || n.Wants(1)) return Unsupported("training mode");
  if (n.Int("spatial", 1) == 0) return Unsupported("spatial = 0, of old opsets");
  const int rank = PARE_TRY(n.Rank(0));
  ValueId scale = kAbsent, offset = kAbsent;
  PARE_TRY(FoldBatchNorm(n, n.Float("epsilon", 1e-5F), &scale, &offset));
  const ValueId scaled = n.Binary(BinaryKind::Mul, n.In(0), ChannelVector(n, scale, rank));
  return n.Emit(MakeBinary(BinaryKind::Add), {scaled, ChannelVector(n, offset, rank)});
}

Status ImportInstanceNorm(OnnxNode& n) {
  const int rank = PARE_TRY(n.Rank(0));
  fb::GroupNormT op;
  op.epsilon = n.Float("epsilon", 1e-5F);
  const ValueId y = n.Make(std::move(op), {n.ToChannelsLast(n.In(0), rank), n.In(1), n.In(2)});
  n.EmitChannelsFirst(0, y, rank);
  return Ok();
}

// Until opset 21 scale and bias were one number a group: the groups are normalized as the rows of a
// matrix, [N, G, rest].
Status ImportOldGroupNorm(OnnxNode& n, int64_t groups, float epsilon) {
  fb::ReshapeT split, back;
  split.shape = {0, groups, -1};
  fb::LayerNormT op;
  op.epsilon = epsilon;
  const ValueId rows = n.Make(std::move(op), {n.Make(std::move(split), {n.In(0)})});
  const ValueId scaled = n.Binary(BinaryKind::Mul, rows, n.Unsqueeze(n.In(1), {1}));
  const ValueId y = n.Binary(BinaryKind::Add, scaled, n.Unsqueeze(n.In(2), {1}));
  return n.Emit(std::move(back), {y, n.Make(fb::ShapeOfT{}, {n.In(0)})});
}

Status ImportGroupNorm(OnnxNode& n) {
  const int64_t groups = n.Int("num_groups", 0);
  const float epsilon = n.Float("epsilon", 1e-5F);
  if (groups < 1) return Malformed("it has less than one group");
  if (n.opset() < 21) return ImportOldGroupNorm(n, groups, epsilon);
  const int rank = PARE_TRY(n.Rank(0));
  fb::GroupNormT op;
  op.groups = groups;
  op.epsilon = epsilon;
  const ValueId y = n.Make(std::move(op), {n.ToChannelsLast(n.In(0), rank), n.In(1), n.In(2)});
  n.EmitChannelsFirst(0, y, rank);
  return Ok();
}

Status ImportLrn(OnnxNode& n) {
  const int rank = PARE_TRY(n.Rank(0));
  fb::LrnT op;
  op.size = n.Int("size", 1);
  op.alpha = n.Float("alpha", 1e-4F);
  op.beta = n.Float("beta", 0.75F);
  op.bias = n.Float("bias", 1);
  n.EmitChannelsFirst(0, n.Make(std::move(op), {n.ToChannelsLast(n.In(0), rank)}), rank);
  return Ok();
}

Status ImportLayerNorm(OnnxNode& n) {
  fb::LayerNormT op;
  op.axis = n.Int("axis", -1);
  op.epsilon = n.Float("epsilon", 1e-5F);
  return n.Emit(std::move(op), {n.In(0), n.In(1), n.In(2)}, n.Outputs());
}

Status ImportRmsNorm(OnnxNode& n) {
  fb::RmsNormT op;
  op.axis = n.Int("axis", -1);
  op.epsilon = n.Float("epsilon", 1e-5F);
  return n.Emit(std::move(op), {n.In(0), n.In(1)});
}

// onnxruntime's: normalizes x + skip + bias, and gives that sum as output 3.
Status ImportSkipLayerNorm(OnnxNode& n) {
  const bool simplified = n.op() == "SkipSimplifiedLayerNormalization";
  const ValueId bias = n.In(simplified ? 3 : 4);
  const bool wants_sum = n.Wants(3);
  ValueId sum;
  if (bias != kAbsent) {
    const ValueId partial = n.Binary(BinaryKind::Add, n.In(0), n.In(1));
    sum = wants_sum ? n.Out(3) : n.Temporary();
    (void)n.Emit(MakeBinary(BinaryKind::Add), {partial, bias}, {sum});
  } else {
    sum = wants_sum ? n.Out(3) : n.Temporary();
    (void)n.Emit(MakeBinary(BinaryKind::Add), {n.In(0), n.In(1)}, {sum});
  }
  if (simplified) {
    fb::RmsNormT op;
    op.epsilon = n.Float("epsilon", 1e-12F);
    return n.Emit(std::move(op), {sum, n.In(2)});
  }
  fb::LayerNormT op;
  op.epsilon = n.Float("epsilon", 1e-12F);
  return n.Emit(std::move(op), {sum, n.In(2), n.In(3)}, {n.Out(0), n.Out(1), n.Out(2)});
}

Status ImportMeanVariance(OnnxNode& n) {
  fb::ReduceT mean;
  mean.kind = fb::ReduceKind::Mean;
  mean.axes = n.Has("axes") ? n.Ints("axes") : std::vector<int64_t>{0, 2, 3};
  fb::ReduceT variance = mean;
  const ValueId centred = n.Binary(BinaryKind::Sub, n.In(0), n.Make(std::move(mean), {n.In(0)}));
  const ValueId spread = n.Make(std::move(variance), {n.Binary(BinaryKind::Mul, centred, centred)});
  const ValueId deviation =
      n.Binary(BinaryKind::Add, n.Unary(UnaryKind::Sqrt, spread), n.ScalarLike(n.In(0), 1e-9));
  return n.Emit(MakeBinary(BinaryKind::Div), {centred, deviation});
}

Status ImportLpNorm(OnnxNode& n) {
  fb::LpNormT op;
  op.axis = n.Int("axis", -1);
  op.p = n.Int("p", 2);
  return n.Emit(std::move(op), {n.In(0)});
}

template <class OpT>
Status ImportSoftmaxLike(OnnxNode& n, const OpT& like) {
  OpT op = like;
  if (n.opset() >= 13) {
    op.axis = n.Int("axis", -1);
    return n.Emit(std::move(op), {n.In(0)});
  }
  // Before opset 13 everything from the axis on is one row.
  int64_t axis = n.Int("axis", 1);
  const int rank = n.Of(n.In(0)).rank;
  if (rank > 0 && NormalizeAxis(rank, &axis) && axis == rank - 1) {
    op.axis = -1;
    return n.Emit(std::move(op), {n.In(0)});
  }
  fb::FlattenT flatten;
  flatten.axis = axis;
  op.axis = -1;
  const ValueId y = n.Make(std::move(op), {n.Make(std::move(flatten), {n.In(0)})});
  return n.Emit(fb::ReshapeT{}, {y, n.Make(fb::ShapeOfT{}, {n.In(0)})});
}

Status ImportSoftmax(OnnxNode& n) {
  fb::SoftmaxT op;
  op.log = n.op() == "LogSoftmax";
  return ImportSoftmaxLike(n, op);
}

Status ImportHardmax(OnnxNode& n) { return ImportSoftmaxLike(n, fb::HardmaxT{}); }

constexpr OnnxOp kOps[] = {
    {"BatchNormalization", ImportBatchNorm, 5},
    {"GroupNormalization", ImportGroupNorm, 3},
    {"Hardmax", ImportHardmax},
    {"InstanceNormalization", ImportInstanceNorm, 3},
    {"LRN", ImportLrn},
    {"LayerNormalization", ImportLayerNorm, 2},
    {"LogSoftmax", ImportSoftmax},
    {"LpNormalization", ImportLpNorm},
    {"MeanVarianceNormalization", ImportMeanVariance},
    {"RMSNormalization", ImportRmsNorm, 2},
    {"SimplifiedLayerNormalization", ImportRmsNorm, 2},
    {"SimplifiedLayerNormalization", ImportRmsNorm, 2, 1, "com.microsoft"},
    {"SkipLayerNormalization", ImportSkipLayerNorm, 3, 1, "com.microsoft"},
    {"SkipSimplifiedLayerNormalization", ImportSkipLayerNorm, 3, 1, "com.microsoft"},
    {"Softmax", ImportSoftmax},
};

}  // namespace

OnnxOps NormalizationOnnxOps() { return kOps; }

}  // namespace pare::converter
