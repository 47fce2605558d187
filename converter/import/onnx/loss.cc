// Losses, as they are evaluated: nothing here is trained.
#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

using fb::BinaryKind;
using fb::ReduceKind;

ValueId ReduceAll(OnnxNode& n, ReduceKind kind, ValueId x) {
  fb::ReduceT op;
  op.kind = kind;
  op.keep_dims = false;
  return n.Make(std::move(op), {x});
}

Status EmitReduceAll(OnnxNode& n, ReduceKind kind, ValueId x) {
  fb::ReduceT op;
  op.kind = kind;
  op.keep_dims = false;
  return n.Emit(std::move(op), {x});
}

// -log_probability[n, target[n, d...], d...] * weight[target], reduced. Targets that are to be
// ignored weigh nothing.
Status EmitNegativeLogLikelihood(OnnxNode& n, ValueId log_probability, ValueId target,
                                 ValueId weight) {
  const std::string reduction = n.String("reduction", "mean");
  if (reduction != "none" && reduction != "sum" && reduction != "mean")
    return Malformed("its reduction '" + reduction + "' is none that ONNX has");
  ValueId ignored = kAbsent;
  if (n.Has("ignore_index")) {
    const auto index = static_cast<double>(n.Int("ignore_index", 0));
    ignored = n.Binary(BinaryKind::Equal, target, n.ScalarLike(target, index));
    target = n.Make(fb::WhereT{}, {ignored, n.ScalarLike(target, 0), target});
  }
  fb::GatherElementsT pick;
  pick.axis = 1;
  const ValueId picked = n.Make(std::move(pick), {log_probability, n.Unsqueeze(target, {1})});
  fb::SqueezeT squeeze;
  squeeze.axes = {1};
  ValueId loss = n.Unary(fb::UnaryKind::Neg, n.Make(std::move(squeeze), {picked}));

  ValueId weights = kAbsent;
  if (weight != kAbsent) weights = n.Make(fb::GatherT{}, {weight, target});
  if (ignored != kAbsent) {
    const ValueId zero = n.ScalarLike(log_probability, 0);
    const ValueId kept = weights != kAbsent ? weights : n.ScalarLike(log_probability, 1);
    weights = n.Make(fb::WhereT{}, {ignored, zero, kept});
  }
  if (reduction == "none" && weights == kAbsent) return n.Emit(fb::IdentityT{}, {loss});
  if (reduction == "none") return n.Emit(MakeBinary(BinaryKind::Mul), {loss, weights});
  if (weights != kAbsent) loss = n.Binary(BinaryKind::Mul, loss, weights);
  if (reduction == "sum") return EmitReduceAll(n, ReduceKind::Sum, loss);
  if (weights == kAbsent) return EmitReduceAll(n, ReduceKind::Mean, loss);
  return n.Emit(MakeBinary(BinaryKind::Div),
                {ReduceAll(n, ReduceKind::Sum, loss), ReduceAll(n, ReduceKind::Sum, weights)});
}

Status ImportNegativeLogLikelihood(OnnxNode& n) {
  return EmitNegativeLogLikelihood(n, n.In(0), n.In(1), n.In(2));
}

Status ImportSoftmaxCrossEntropy(OnnxNode& n) {
  fb::SoftmaxT softmax;
  softmax.axis = 1;
  softmax.log = true;
  const ValueId log_probability = n.Wants(1) ? n.Out(1) : n.Temporary();
  (void)n.Emit(std::move(softmax), {n.In(0)}, {log_probability});
  return EmitNegativeLogLikelihood(n, log_probability, n.In(1), n.In(2));
}

constexpr OnnxOp kOps[] = {
    {"NegativeLogLikelihoodLoss", ImportNegativeLogLikelihood, 2},
    {"SoftmaxCrossEntropyLoss", ImportSoftmaxCrossEntropy, 2},
};

}  // namespace

OnnxOps LossOnnxOps() { return kOps; }

}  // namespace pare::converter
