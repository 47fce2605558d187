#include "runtime/ops/support/quantized.h"

#include "runtime/ops/support/arguments.h"

namespace pare {
namespace {

// A real bound in steps of y, kept within what u8 can say.
float Bound(float real, const Tensor& y) {
  const auto least = static_cast<float>(-y.zero_point);
  const auto most = static_cast<float>(UINT8_MAX - y.zero_point);
  const float scaled = real * (1 / y.scale);
  if (!(scaled > least)) return least;
  return scaled < most ? __builtin_nearbyintf(scaled) : most;
}

}  // namespace

bool HasCodes(const Tensor& y) {
  return y.IsQuantized() && y.zero_point >= 0 && y.zero_point <= UINT8_MAX;
}

uint64_t ElementBitsOf(const Tensor& t, float value) {
  if (!t.IsQuantized()) return ElementBits(t.dtype, value);
  return static_cast<uint64_t>(static_cast<int64_t>(Bound(value, t)) + t.zero_point);
}

CodeBounds CodeBoundsOf(float lower, float upper, const Tensor& y) {
  return {static_cast<int32_t>(Bound(lower, y)) + y.zero_point,
          static_cast<int32_t>(Bound(upper, y)) + y.zero_point};
}

Status CheckQuantized(const NodeView& node) {
  const Tensor &x = *node.In(0), &y = *node.Out(0), *addend = node.In(3);
  if (x.dtype != DType::kU8 || !HasCodes(x))
    return Error(Code::kUnsupported, "a quantized input is u8 with a scale");
  if (y.IsQuantized() && !HasCodes(y)) return Error(Code::kUnsupported, "a quantized result is u8");
  if (addend != nullptr && y.IsQuantized() && !HasCodes(*addend))
    return Error(Code::kUnsupported, "the addend of a quantized result is u8 with a scale");
  return Ok();
}

MatmulQuant StaticQuant(const NodeView& node, float lower, float upper) {
  const Tensor &x = *node.In(0), &y = *node.Out(0), *addend = node.In(3);
  MatmulQuant q{};
  q.a_scale = &x.scale;
  q.a_zero = &x.zero_point;
  q.quantize = y.IsQuantized();
  if (!q.quantize) return q;
  q.ratio = x.scale / y.scale;
  q.inverse = 1 / y.scale;
  if (addend != nullptr) {
    q.addend_ratio = addend->scale / y.scale;
    q.addend_zero = addend->zero_point;
  }
  q.lower = Bound(lower, y);
  q.upper = Bound(upper, y);
  q.zero = y.zero_point;
  return q;
}

}  // namespace pare
