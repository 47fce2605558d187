// Products of integers. ONNX Runtime's dynamic quantization writes DynamicQuantizeLinear, such a
// product, Cast and Mul: the real product of what was quantized stands beside the integers for that
// Mul to take, see quantized.h.
#include "converter/import/onnx/ops.h"
#include "converter/import/onnx/quantized.h"

namespace pare::converter {

namespace {

using fb::BinaryKind;

ValueId CastTo(OnnxNode& n, ValueId v, fb::DType type) {
  fb::CastT cast;
  cast.to = type;
  return n.Make(std::move(cast), {v});
}

// `q` less its zero point, which may have an element for each slice along `axis`.
Result<ValueId> Centered(OnnxNode& n, ValueId q, ValueId zero, int64_t axis, fb::DType type) {
  const ValueId v = CastTo(n, q, type);
  if (zero == kAbsent) return v;
  Scaling scaling;
  scaling.axis = axis;
  return n.Binary(BinaryKind::Sub, v, CastTo(n, PARE_TRY(Spread(n, zero, q, scaling)), type));
}

// A constant's integers less their zero point, as floats.
Result<ValueId> RealIntegers(OnnxNode& n, ValueId q, ValueId zero, int64_t axis) {
  Scaling scaling = {n.Scalar<float>(1), zero};
  scaling.axis = axis;
  if (zero != kAbsent && n.Of(zero).rank == 1 && n.Of(zero).length != 1)
    scaling.scale = n.Constant<float>(n.graph().ConstantOf(zero)->shape,
                                      std::vector<float>(n.Of(zero).length, 1));
  return Dequantized(n, q, scaling);
}

// Says that output 0 is a product of what the node's first input stands for.
void SetProduct(OnnxNode& n, ValueId real, ValueId scale) {
  n.scope().builder->products[n.Out(0)] = {real, scale};
}

// x as it was before DynamicQuantizeLinear, if `w` and its zero point are constant.
const DynamicValue* DynamicInput(OnnxNode& n, ValueId x, ValueId w, ValueId zero) {
  const auto& dynamic = n.scope().builder->dynamic;
  const auto found = dynamic.find(x);
  const bool constant = n.graph().IsConstant(w) && (zero == kAbsent || n.graph().IsConstant(zero));
  return constant && found != dynamic.end() ? &found->second : nullptr;
}

ValueId DynamicProduct(OnnxNode& n, ValueId a, ValueId b) {
  fb::MatMulT op;
  op.arithmetic = fb::Arithmetic::DynamicInt8;
  return n.Make(std::move(op), {a, b});
}

Status ImportMatMulInteger(OnnxNode& n) {
  const ValueId a = PARE_TRY(Centered(n, n.In(0), n.In(2), -2, fb::DType::I32));
  const ValueId b = PARE_TRY(Centered(n, n.In(1), n.In(3), -1, fb::DType::I32));
  PARE_TRY(n.Emit(fb::MatMulT(), {a, b}));
  if (const DynamicValue* from = DynamicInput(n, n.In(0), n.In(1), n.In(3))) {
    const DynamicValue x = *from;
    const ValueId w = PARE_TRY(RealIntegers(n, n.In(1), n.In(3), -1));
    SetProduct(n, DynamicProduct(n, x.real, w), x.scale);
  }
  return Ok();
}

// Sums are exact as floats: of less than 2^24 / 2^16 products as far as any file is known.
Status ImportConvInteger(OnnxNode& n) {
  const ValueId x = PARE_TRY(Centered(n, n.In(0), n.In(2), 1, fb::DType::F32));
  const ValueId w = PARE_TRY(Centered(n, n.In(1), n.In(3), 0, fb::DType::F32));
  const std::vector<ValueId> sum = PARE_TRY(ImportTwin(n, "Conv", {x, w}));
  fb::CastT cast;
  cast.to = fb::DType::I32;
  PARE_TRY(n.Emit(std::move(cast), {sum[0]}));
  if (const DynamicValue* from = DynamicInput(n, n.In(0), n.In(1), n.In(3))) {
    const DynamicValue dynamic = *from;
    const ValueId real = PARE_TRY(RealIntegers(n, n.In(1), n.In(3), 0));
    SetProduct(n, PARE_TRY(ImportTwin(n, "Conv", {dynamic.real, real}))[0], dynamic.scale);
  }
  return Ok();
}

Status EmitBiased(OnnxNode& n, ValueId product, ValueId bias) {
  if (bias != kAbsent) return n.Emit(MakeBinary(BinaryKind::Add), {product, bias});
  n.Alias(0, product);
  return Ok();
}

Result<ValueId> ColumnScaled(OnnxNode& n, ValueId b, ValueId scale, ValueId zero) {
  Scaling scaling = {scale, zero};
  scaling.axis = -1;
  return Dequantized(n, b, scaling);
}

// A f32, B, its scale, [its zero point], [bias].
Status ImportDynamicMatMul(OnnxNode& n) {
  const ValueId b = PARE_TRY(ColumnScaled(n, n.In(1), n.In(2), n.In(3)));
  return EmitBiased(n, DynamicProduct(n, n.In(0), b), n.In(4));
}

// A, B, their scales, [their zero points], [bias].
Status ImportMatMulToFloat(OnnxNode& n) {
  const ValueId b = PARE_TRY(ColumnScaled(n, n.In(1), n.In(3), n.In(5)));
  const DynamicValue* from = DynamicInput(n, n.In(0), n.In(1), n.In(5));
  if (from != nullptr && from->scale == n.In(2))
    return EmitBiased(n, DynamicProduct(n, from->real, b), n.In(6));
  Scaling scaling = {n.In(2), n.In(4)};
  scaling.axis = -2;
  const ValueId a = PARE_TRY(Dequantized(n, n.In(0), scaling));
  return EmitBiased(n, n.Make(fb::MatMulT(), {a, b}), n.In(6));
}

constexpr OnnxOp kOps[] = {
    {"ConvInteger", ImportConvInteger, 2},
    {"DynamicQuantizeMatMul", ImportDynamicMatMul, 3, 1, "com.microsoft"},
    {"MatMulInteger", ImportMatMulInteger, 2},
    {"MatMulIntegerToFloat", ImportMatMulToFloat, 4, 1, "com.microsoft"},
};

}  // namespace

OnnxOps IntegerOnnxOps() { return kOps; }

}  // namespace pare::converter
