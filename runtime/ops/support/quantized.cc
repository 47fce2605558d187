#include "runtime/ops/support/quantized.h"

namespace pare {
namespace {

bool IsQuantizedU8(const Tensor& t) {
  return t.IsQuantized() && t.zero_point >= 0 && t.zero_point <= UINT8_MAX;
}

// A real bound in steps of y, kept within what u8 can say.
float Bound(float real, const Tensor& y) {
  const auto least = static_cast<float>(-y.zero_point);
  const auto most = static_cast<float>(UINT8_MAX - y.zero_point);
  const float scaled = real * (1 / y.scale);
  if (!(scaled > least)) return least;
  return scaled < most ? __builtin_nearbyintf(scaled) : most;
}

}  // namespace

Status CheckQuantized(const NodeView& node) {
  const Tensor &x = *node.In(0), &y = *node.Out(0), *addend = node.In(3);
  if (x.dtype != DType::kU8 || !IsQuantizedU8(x))
    return Error(Code::kUnsupported, "a quantized input is u8 with a scale");
  if (y.IsQuantized() && !IsQuantizedU8(y))
    return Error(Code::kUnsupported, "a quantized result is u8");
  if (addend != nullptr && y.IsQuantized() && !IsQuantizedU8(*addend))
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
