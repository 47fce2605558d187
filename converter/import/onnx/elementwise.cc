// Operators that work on each element by itself.
#include <cstring>
#include <limits>

#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

using fb::BinaryKind;
using fb::UnaryKind;

struct UnaryRow {
  const char* name;
  UnaryKind kind;
  const char* alpha = nullptr;  // attribute
  float default_alpha = 0;
  const char* beta = nullptr;
  float default_beta = 0;
};
constexpr UnaryRow kUnaries[] = {
    {"Abs", UnaryKind::Abs},
    {"Neg", UnaryKind::Neg},
    {"Exp", UnaryKind::Exp},
    {"Log", UnaryKind::Log},
    {"Sqrt", UnaryKind::Sqrt},
    {"Reciprocal", UnaryKind::Reciprocal},
    {"Floor", UnaryKind::Floor},
    {"Ceil", UnaryKind::Ceil},
    {"Round", UnaryKind::Round},
    {"Sign", UnaryKind::Sign},
    {"Sin", UnaryKind::Sin},
    {"Cos", UnaryKind::Cos},
    {"Tan", UnaryKind::Tan},
    {"Asin", UnaryKind::Asin},
    {"Acos", UnaryKind::Acos},
    {"Atan", UnaryKind::Atan},
    {"Sinh", UnaryKind::Sinh},
    {"Cosh", UnaryKind::Cosh},
    {"Tanh", UnaryKind::Tanh},
    {"Asinh", UnaryKind::Asinh},
    {"Acosh", UnaryKind::Acosh},
    {"Atanh", UnaryKind::Atanh},
    {"Erf", UnaryKind::Erf},
    {"Sigmoid", UnaryKind::Sigmoid},
    {"Relu", UnaryKind::Relu},
    {"LeakyRelu", UnaryKind::LeakyRelu, "alpha", 0.01F},
    {"Elu", UnaryKind::Elu, "alpha", 1},
    {"Selu", UnaryKind::Selu, "alpha", 1.67326319217681884765625F, "gamma",
     1.05070102214813232421875F},
    {"Celu", UnaryKind::Celu, "alpha", 1},
    {"ThresholdedRelu", UnaryKind::ThresholdedRelu, "alpha", 1},
    {"HardSigmoid", UnaryKind::HardSigmoid, "alpha", 0.2F, "beta", 0.5F},
    {"HardSwish", UnaryKind::HardSwish},
    {"Softplus", UnaryKind::Softplus},
    {"Softsign", UnaryKind::Softsign},
    {"Mish", UnaryKind::Mish},
    {"Not", UnaryKind::Not},
    {"IsNaN", UnaryKind::IsNan},
    {"Shrink", UnaryKind::Shrink, "lambd", 0.5F, "bias", 0},
    {"BitwiseNot", UnaryKind::BitwiseNot},
};

Status ImportUnary(OnnxNode& n) {
  for (const UnaryRow& row : kUnaries) {
    if (n.op() != row.name) continue;
    const float alpha = row.alpha == nullptr ? 0 : n.Float(row.alpha, row.default_alpha);
    const float beta = row.beta == nullptr ? 0 : n.Float(row.beta, row.default_beta);
    return n.Emit(MakeUnary(row.kind, alpha, beta), {n.In(0)});
  }
  return Unsupported("");
}

Status ImportIsInf(OnnxNode& n) {
  return n.Emit(MakeUnary(UnaryKind::IsInf, n.Int("detect_negative", 1) != 0 ? 1.0F : 0.0F,
                          n.Int("detect_positive", 1) != 0 ? 1.0F : 0.0F),
                {n.In(0)});
}

Status ImportGelu(OnnxNode& n) {
  const bool tanh = n.String("approximate", "none") == "tanh" || n.op() == "FastGelu";
  ValueId x = n.In(0);
  if (n.In(1) != kAbsent) x = n.Binary(BinaryKind::Add, x, n.In(1));  // FastGelu, BiasGelu
  return n.Emit(MakeUnary(tanh ? UnaryKind::GeluTanh : UnaryKind::Gelu), {x});
}

// x * sigmoid(alpha * x): Swish of opset 24, QuickGelu of onnxruntime.
Status ImportSwish(OnnxNode& n) {
  const float alpha = n.Float("alpha", n.op() == "QuickGelu" ? 1.702F : 1.0F);
  if (alpha == 1) return n.Emit(MakeUnary(UnaryKind::Silu), {n.In(0)});
  const ValueId scaled = n.Binary(BinaryKind::Mul, n.In(0), n.ScalarLike(n.In(0), alpha));
  return n.Emit(MakeBinary(BinaryKind::Mul), {n.In(0), n.Unary(UnaryKind::Sigmoid, scaled)});
}

struct BinaryRow {
  const char* name;
  BinaryKind kind;
};
constexpr BinaryRow kBinaries[] = {
    {"Add", BinaryKind::Add},         {"Sub", BinaryKind::Sub},
    {"Mul", BinaryKind::Mul},         {"Div", BinaryKind::Div},
    {"Pow", BinaryKind::Pow},         {"Equal", BinaryKind::Equal},
    {"Less", BinaryKind::Less},       {"LessOrEqual", BinaryKind::LessOrEqual},
    {"Greater", BinaryKind::Greater}, {"GreaterOrEqual", BinaryKind::GreaterOrEqual},
    {"And", BinaryKind::And},         {"Or", BinaryKind::Or},
    {"Xor", BinaryKind::Xor},         {"BitwiseAnd", BinaryKind::BitAnd},
    {"BitwiseOr", BinaryKind::BitOr}, {"BitwiseXor", BinaryKind::BitXor},
    {"Sum", BinaryKind::Add},         {"Mean", BinaryKind::Add},
    {"Max", BinaryKind::Max},         {"Min", BinaryKind::Min},
};

BinaryKind KindOf(const OnnxNode& n) {
  for (const BinaryRow& row : kBinaries) {
    if (n.op() == row.name) return row.kind;
  }
  return BinaryKind::Add;
}

// Before opset 7, `axis` said which dimension of a the first of b stands under.
Result<ValueId> AlignOldBroadcast(OnnxNode& n) {
  if (n.Int("broadcast", 0) == 0 || !n.Has("axis")) return n.In(1);
  const int a = PARE_TRY(n.Rank(0));
  const int b = PARE_TRY(n.Rank(1));
  int64_t axis = n.Int("axis", 0);
  if (!NormalizeAxis(a, &axis) || axis + b > a) return Malformed("its axis is out of range");
  std::vector<int64_t> ones;
  for (int64_t i = b; i < a - axis; ++i) ones.push_back(i);
  return ones.empty() ? n.In(1) : n.Unsqueeze(n.In(1), ones);
}

Status ImportBinary(OnnxNode& n) {
  const ValueId b = PARE_TRY(AlignOldBroadcast(n));
  return n.Emit(MakeBinary(KindOf(n)), {n.In(0), b});
}

// Slopes stand under the last dimensions; before opset 7 one slope a channel stood under
// dimension 1.
Status ImportPrelu(OnnxNode& n) {
  ValueId slope = n.In(1);
  if (n.opset() < 7 && n.Of(slope).rank == 1 && n.Of(slope).length != 1) {
    const int rank = PARE_TRY(n.Rank(0));
    std::vector<int64_t> ones;
    for (int i = 2; i < rank; ++i) ones.push_back(i - 1);
    if (!ones.empty()) slope = n.Unsqueeze(slope, ones);
  }
  return n.Emit(MakeBinary(BinaryKind::Prelu), {n.In(0), slope});
}

Status ImportMod(OnnxNode& n) {
  const bool c_style = n.Int("fmod", 0) != 0;
  return n.Emit(MakeBinary(c_style ? BinaryKind::Fmod : BinaryKind::Mod), {n.In(0), n.In(1)});
}

Status ImportBitShift(OnnxNode& n) {
  const std::string direction = n.String("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return Malformed("its direction is neither LEFT nor RIGHT");
  return n.Emit(MakeBinary(direction == "LEFT" ? BinaryKind::ShiftLeft : BinaryKind::ShiftRight),
                {n.In(0), n.In(1)});
}

Status ImportVariadic(OnnxNode& n) {
  const int count = n.input_count();
  if (count == 1) return n.Emit(fb::IdentityT{}, {n.In(0)});
  const bool mean = n.op() == "Mean";
  ValueId sum = n.In(0);
  for (int i = 1; i < count; ++i) {
    if (i == count - 1 && !mean) return n.Emit(MakeBinary(KindOf(n)), {sum, n.In(i)});
    sum = n.Binary(KindOf(n), sum, n.In(i));
  }
  return n.Emit(MakeBinary(BinaryKind::Div), {sum, n.ScalarLike(n.In(0), count)});
}

// Bounds that are known floats make one operator; others two comparisons, exact for every type.
Status ImportClip(OnnxNode& n) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const Facts x = n.Of(n.In(0));
  float bound[2] = {n.Float("min", -kInfinity), n.Float("max", kInfinity)};
  bool known = true;
  for (int i = 0; i < 2; ++i) {
    std::vector<float> values;
    if (n.In(i + 1) == kAbsent) continue;
    known = known && n.FloatsOf(n.In(i + 1), &values) && values.size() == 1 &&
            n.Of(n.In(i + 1)).dtype != DType::kF64;
    if (known) bound[i] = values[0];
  }
  // Where the lower bound is above the upper one, ONNX's order of min and max decides.
  if (known && (!x.has_dtype || IsFloat(x.dtype)) && !(bound[0] > bound[1])) {
    if (bound[0] == -kInfinity && bound[1] == kInfinity) return n.Emit(fb::IdentityT{}, {n.In(0)});
    return n.Emit(MakeUnary(UnaryKind::Clip, bound[0], bound[1]), {n.In(0)});
  }
  if (n.In(1) == kAbsent && n.In(2) == kAbsent) return n.Emit(fb::IdentityT{}, {n.In(0)});
  if (n.In(2) == kAbsent) return n.Emit(MakeBinary(BinaryKind::Max), {n.In(0), n.In(1)});
  const ValueId low = n.In(1) == kAbsent ? n.In(0) : n.Binary(BinaryKind::Max, n.In(0), n.In(1));
  return n.Emit(MakeBinary(BinaryKind::Min), {low, n.In(2)});
}

Status ImportWhere(OnnxNode& n) { return n.Emit(fb::WhereT{}, {n.In(0), n.In(1), n.In(2)}); }

Status ImportCast(OnnxNode& n) {
  DType to;
  const int64_t type = n.Int("to", 0);
  if (!ToDType(static_cast<int32_t>(type), &to))
    return Unsupported("element type " + OnnxTypeName(static_cast<int32_t>(type)));
  fb::CastT op;
  op.to = static_cast<fb::DType>(to);
  return n.Emit(std::move(op), {n.In(0)});
}

Status ImportCastLike(OnnxNode& n) {
  const Facts like = n.Of(n.In(1));
  if (!like.has_dtype) return Unsupported("the type of its second input is not known");
  fb::CastT op;
  op.to = static_cast<fb::DType>(like.dtype);
  return n.Emit(std::move(op), {n.In(0)});
}

Status ImportIdentity(OnnxNode& n) {
  // Exporters name a shared weight twice by an Identity: the constant itself is meant.
  if (n.graph().IsConstant(n.In(0))) {
    n.Alias(0, n.In(0));
    return Ok();
  }
  return n.Emit(fb::IdentityT{}, {n.In(0)});
}

// At inference nothing is dropped.
Status ImportDropout(OnnxNode& n) {
  std::vector<int64_t> training = {0};
  if (n.In(2) != kAbsent &&
      (!n.Integers(n.In(2), &training) || training != std::vector<int64_t>{0}))
    return Unsupported("training mode");
  if (n.Wants(1)) {
    fb::ConstantOfShapeT ones;
    const DType type = n.opset() < 10 ? n.Of(n.In(0)).dtype : DType::kBool;
    if (type != DType::kBool && type != DType::kF32) return Unsupported("a mask of this type");
    ones.dtype = static_cast<fb::DType>(type);
    ones.bits = type == DType::kBool ? 1 : 0x3f800000;
    (void)n.Emit(std::move(ones), {n.Make(fb::ShapeOfT{}, {n.In(0)})}, {n.Out(1)});
  }
  return n.Emit(fb::IdentityT{}, {n.In(0)});
}

constexpr OnnxOp kOps[] = {
    {"Abs", ImportUnary},
    {"Acos", ImportUnary},
    {"Acosh", ImportUnary},
    {"Add", ImportBinary, 2},
    {"And", ImportBinary, 2},
    {"Asin", ImportUnary},
    {"Asinh", ImportUnary},
    {"Atan", ImportUnary},
    {"Atanh", ImportUnary},
    {"BiasGelu", ImportGelu, 2, 1, "com.microsoft"},
    {"BitShift", ImportBitShift, 2},
    {"BitwiseAnd", ImportBinary, 2},
    {"BitwiseNot", ImportUnary},
    {"BitwiseOr", ImportBinary, 2},
    {"BitwiseXor", ImportBinary, 2},
    {"Cast", ImportCast},
    {"CastLike", ImportCastLike, 2},
    {"Ceil", ImportUnary},
    {"Celu", ImportUnary},
    {"Clip", ImportClip},
    {"Cos", ImportUnary},
    {"Cosh", ImportUnary},
    {"Div", ImportBinary, 2},
    {"Dropout", ImportDropout},
    {"Elu", ImportUnary},
    {"Equal", ImportBinary, 2},
    {"Erf", ImportUnary},
    {"Exp", ImportUnary},
    {"FastGelu", ImportGelu, 1, 1, "com.microsoft"},
    {"Floor", ImportUnary},
    {"Gelu", ImportGelu},
    {"Gelu", ImportGelu, 1, 1, "com.microsoft"},
    {"Greater", ImportBinary, 2},
    {"GreaterOrEqual", ImportBinary, 2},
    {"HardSigmoid", ImportUnary},
    {"HardSwish", ImportUnary},
    {"Identity", ImportIdentity},
    {"IsInf", ImportIsInf},
    {"IsNaN", ImportUnary},
    {"LeakyRelu", ImportUnary},
    {"Less", ImportBinary, 2},
    {"LessOrEqual", ImportBinary, 2},
    {"Log", ImportUnary},
    {"Max", ImportVariadic},
    {"Mean", ImportVariadic},
    {"Min", ImportVariadic},
    {"Mish", ImportUnary},
    {"Mod", ImportMod, 2},
    {"Mul", ImportBinary, 2},
    {"Neg", ImportUnary},
    {"Not", ImportUnary},
    {"Or", ImportBinary, 2},
    {"PRelu", ImportPrelu, 2},
    {"Pow", ImportBinary, 2},
    {"QuickGelu", ImportSwish, 1, 1, "com.microsoft"},
    {"Reciprocal", ImportUnary},
    {"Relu", ImportUnary},
    {"Round", ImportUnary},
    {"Selu", ImportUnary},
    {"Shrink", ImportUnary},
    {"Sigmoid", ImportUnary},
    {"Sign", ImportUnary},
    {"Sin", ImportUnary},
    {"Sinh", ImportUnary},
    {"Softplus", ImportUnary},
    {"Softsign", ImportUnary},
    {"Sqrt", ImportUnary},
    {"Sub", ImportBinary, 2},
    {"Sum", ImportVariadic},
    {"Swish", ImportSwish},
    {"Tan", ImportUnary},
    {"Tanh", ImportUnary},
    {"ThresholdedRelu", ImportUnary},
    {"Where", ImportWhere, 3},
    {"Xor", ImportBinary, 2},
};

}  // namespace

OnnxOps ElementwiseOnnxOps() { return kOps; }

}  // namespace pare::converter
