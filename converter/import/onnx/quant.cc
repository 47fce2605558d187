// QuantizeLinear and its kin: between floats and integers.
#include "converter/import/onnx/ops.h"
#include "converter/import/onnx/quantized.h"

namespace pare::converter {

namespace {

using fb::BinaryKind;
using fb::UnaryKind;

Scaling ScalingOf(OnnxNode& n) {
  Scaling scaling = {n.In(1), n.In(2)};
  scaling.axis = n.Int("axis", 1);
  scaling.block = n.Int("block_size", 0);
  return scaling;
}

// The integers that `zero` or the attribute says; ONNX's default is u8.
Status ReadIntegerType(OnnxNode& n, ValueId zero, DType* type, int* bits) {
  const auto onnx_type = static_cast<int32_t>(n.Int("output_dtype", 0));
  if (zero != kAbsent) *type = n.Of(zero).dtype;
  const bool four = onnx_type == 0 ? n.Of(zero).four_bit : UnpackedType(onnx_type, type);
  if (onnx_type != 0 && !four && !ToDType(onnx_type, type))
    return Unsupported("integers of type " + OnnxTypeName(onnx_type));
  if (IsFloat(*type) || SizeOf(*type) > 2)
    return Unsupported("it makes other numbers than integers of 4, 8 or 16 bits");
  *bits = four ? 4 : static_cast<int>(SizeOf(*type)) * 8;
  return Ok();
}

Status ImportQuantize(OnnxNode& n) {
  DType type = DType::kU8;
  int bits = 8;
  PARE_TRY(ReadIntegerType(n, n.In(2), &type, &bits));
  return EmitQuantized(n, 0, n.In(0), ScalingOf(n), type, bits);
}

Status ImportDequantize(OnnxNode& n) {
  ValueId y = PARE_TRY(Dequantized(n, n.In(0), ScalingOf(n)));
  const Facts scale = n.Of(n.In(1));
  if (scale.has_dtype && scale.dtype != DType::kF32 && n.Of(y).dtype == DType::kF32) {
    fb::CastT cast;
    cast.to = static_cast<fb::DType>(scale.dtype);
    y = n.Make(std::move(cast), {y});
  }
  n.Alias(0, y);
  return Ok();
}

fb::ReduceT Whole(fb::ReduceKind kind) {
  fb::ReduceT reduce;
  reduce.kind = kind;
  reduce.keep_dims = false;
  return reduce;
}

// x -> u8, scale, zero point: the range of x with zero inside, as 255 steps.
Status ImportDynamicQuantize(OnnxNode& n) {
  const ValueId x = n.In(0), none = n.Scalar<float>(0);
  const ValueId low = n.Binary(BinaryKind::Min, n.Make(Whole(fb::ReduceKind::Min), {x}), none);
  const ValueId high = n.Binary(BinaryKind::Max, n.Make(Whole(fb::ReduceKind::Max), {x}), none);
  const ValueId range = n.Binary(BinaryKind::Sub, high, low);
  const ValueId scale = n.Binary(BinaryKind::Div, range, n.Scalar<float>(UINT8_MAX));
  ValueId zero = n.Binary(BinaryKind::Div, n.Unary(UnaryKind::Neg, low), scale);
  zero = n.Unary(UnaryKind::Round, n.Unary(UnaryKind::Clip, zero, 0, UINT8_MAX));
  fb::CastT to_u8;
  to_u8.to = fb::DType::U8;
  const ValueId code = n.Make(to_u8, {zero});
  PARE_TRY(EmitQuantized(n, 0, x, {scale, code}, DType::kU8, 8));
  if (n.Wants(1)) n.Alias(1, scale);
  if (n.Wants(2)) n.Alias(2, code);
  // Products of these integers are computed with x itself, which is quantized as they are.
  n.scope().builder->dynamic[n.Out(0)] = {x, scale};
  return Ok();
}

Status Refuse(OnnxNode&) {
  return Unsupported(
      "this form of quantized ONNX is not imported; export the float model and let Pare compress "
      "it, or quantize it in ONNX's QDQ form");
}

constexpr OnnxOp kOps[] = {
    {"DequantizeLinear", ImportDequantize, 2, 10},
    {"DequantizeLinear", ImportDequantize, 2, 1, "com.microsoft"},
    {"DynamicQuantizeLSTM", Refuse, 0, 1, "com.microsoft"},
    {"DynamicQuantizeLinear", ImportDynamicQuantize},
    {"MatMulNBits", Refuse, 0, 1, "com.microsoft"},
    {"QAttention", Refuse, 0, 1, "com.microsoft"},
    {"QEmbedLayerNormalization", Refuse, 0, 1, "com.microsoft"},
    {"QuantizeLinear", ImportQuantize, 2, 10},
    {"QuantizeLinear", ImportQuantize, 2, 1, "com.microsoft"},
};

}  // namespace

OnnxOps QuantizedOnnxOps() { return kOps; }

}  // namespace pare::converter
