#include "runtime/ops/support/binary_u8.h"

#include <cmath>

#include "model_generated.h"
#include "runtime/ops/support/activation.h"
#include "runtime/ops/support/quantized.h"

namespace pare {
namespace {

using fb::BinaryKind;

constexpr int kFactorBits = 20;  // sums of two codes times a factor stay far within 32 bits
constexpr int kMostShift = 22;   // and so does the zero point

bool IsExtreme(BinaryKind kind) { return kind == BinaryKind::Min || kind == BinaryKind::Max; }

// round(ratio * 2^shift), at most 2^20.
int32_t FactorOf(float ratio, int shift) {
  const float factor = std::nearbyint(std::ldexp(ratio, shift));
  const float most = static_cast<float>(1 << kFactorBits);
  return static_cast<int32_t>(factor < most ? factor : most);
}

// The largest shift at which the larger of two ratios has a factor of at most 20 bits.
int ShiftOf(float a, float b) {
  int exponent;
  std::frexp(a > b ? a : b, &exponent);
  const int shift = kFactorBits - exponent;
  return shift < 0 ? 0 : shift < kMostShift ? shift : kMostShift;
}

}  // namespace

Status CheckBinaryU8(const NodeView& node) {
  const Tensor &a = *node.In(0), &b = *node.In(1), *y = node.Out(0);
  const auto& attributes = node.Attributes<fb::Binary>();
  ClampBounds bounds;
  if (!IsQuantizedU8(a) || !IsQuantizedU8(b) || y == nullptr || !HasCodes(*y))
    return Error(Code::kUnsupported, "quantized operands are of u8 and give quantized u8");
  if (SelectBinaryU8(static_cast<uint8_t>(attributes.kind()), kCpuScalar) == nullptr)
    return Error(Code::kUnsupported, "the function does not exist for quantized operands");
  if (!ClampOf(FromAttributes(attributes.activation()), &bounds))
    return Error(Code::kUnsupported, "a quantized result takes no fused activation but a clamp");
  if (IsExtreme(attributes.kind()) && (!SameScale(a, b) || !SameScale(a, *y)))
    return Error(Code::kUnsupported, "a quantized minimum or maximum keeps scale and zero point");
  return Ok();
}

BinaryQuant MakeBinaryQuant(const NodeView& node) {
  const Tensor &a = *node.In(0), &b = *node.In(1), &y = *node.Out(0);
  const auto& attributes = node.Attributes<fb::Binary>();
  BinaryQuant q{};
  ClampBounds bounds;
  ClampOf(FromAttributes(attributes.activation()), &bounds);
  const CodeBounds codes = CodeBoundsOf(bounds.lower, bounds.upper, y);
  q.lower = codes.lower;
  q.upper = codes.upper;
  q.a_zero = a.zero_point;
  q.b_zero = b.zero_point;
  q.zero = y.zero_point;
  q.ratio = a.scale * b.scale / y.scale;
  const float a_ratio = a.scale / y.scale, b_ratio = b.scale / y.scale;
  q.shift = ShiftOf(a_ratio, b_ratio);
  q.a_factor = FactorOf(a_ratio, q.shift);
  q.b_factor = FactorOf(b_ratio, q.shift);
  if (attributes.kind() == BinaryKind::Sub) q.b_factor = -q.b_factor;
  const int32_t half = q.shift == 0 ? 0 : 1 << (q.shift - 1);
  q.offset =
      y.zero_point * (1 << q.shift) + half - q.a_factor * a.zero_point - q.b_factor * b.zero_point;
  return q;
}

}  // namespace pare
