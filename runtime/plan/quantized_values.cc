#include "runtime/plan/quantized_values.h"

#include "model_generated.h"

namespace pare {
namespace {

enum class Quantized : uint8_t {
  kNone,      // inputs and outputs are not quantized
  kComputes,  // the operator checks them itself
  kShapes,    // only shapes of inputs are read
  kMoves      // data inputs and outputs have one scale and zero point
};

constexpr uint32_t kAllInputs = ~0u;

// `data`: bit i says that input i is data where the operator moves it.
Quantized KindOf(fb::Op op, uint32_t* data) {
  *data = 1;
  switch (op) {
    case fb::Op::MatMul:
    case fb::Op::Conv:
    case fb::Op::Pool:
    case fb::Op::Unary:
    case fb::Op::Binary:
    case fb::Op::Reduce:
    case fb::Op::Quantize:
    case fb::Op::Dequantize:
    case fb::Op::Custom: return Quantized::kComputes;
    case fb::Op::ShapeOf:
    case fb::Op::Size: return Quantized::kShapes;
    case fb::Op::Where: *data = 6; return Quantized::kMoves;
    case fb::Op::Pad: *data = 5; return Quantized::kMoves;
    case fb::Op::Concat: *data = kAllInputs; return Quantized::kMoves;
    case fb::Op::Reshape:
    case fb::Op::Squeeze:
    case fb::Op::Unsqueeze:
    case fb::Op::Flatten:
    case fb::Op::Identity:
    case fb::Op::Transpose:
    case fb::Op::Slice:
    case fb::Op::Split:
    case fb::Op::Gather:
    case fb::Op::GatherElements:
    case fb::Op::GatherNd:
    case fb::Op::Expand:
    case fb::Op::Tile:
    case fb::Op::ReverseSequence:
    case fb::Op::DepthToSpace:
    case fb::Op::SpaceToDepth:
    case fb::Op::Resize: return Quantized::kMoves;
    default: return Quantized::kNone;
  }
}

bool SameScale(const Tensor& a, const Tensor& b) {
  if (!a.IsQuantized() && !b.IsQuantized()) return true;
  return a.scale == b.scale && a.zero_point == b.zero_point;
}

}  // namespace

Status CheckQuantizedValues(uint8_t op, const NodeView& node) {
  uint32_t data;
  const Quantized kind = KindOf(static_cast<fb::Op>(op), &data);
  const Tensor* first = nullptr;  // of what moves
  for (uint32_t i = 0; i < node.input_count; ++i) {
    const Tensor* in = node.In(i);
    if (in == nullptr) continue;
    if (kind == Quantized::kNone && in->IsQuantized())
      return Error(Code::kUnsupported, "the operator does not compute on quantized values");
    if (kind != Quantized::kMoves || i >= 32 || (data >> i & 1) == 0) {
      if (data != kAllInputs) continue;
    }
    if (first == nullptr) first = in;
    if (kind == Quantized::kMoves && !SameScale(*in, *first))
      return Error(Code::kUnsupported, "the quantized inputs differ in scale or zero point");
  }
  for (uint32_t i = 0; i < node.output_count; ++i) {
    const Tensor* out = node.Out(i);
    if (out == nullptr) continue;
    if (kind == Quantized::kMoves && first != nullptr && !SameScale(*out, *first))
      return Error(Code::kUnsupported, "input and result differ in scale or zero point");
    if (!out->IsQuantized()) continue;
    if (kind == Quantized::kNone || kind == Quantized::kShapes)
      return Error(Code::kUnsupported, "the operator does not make quantized values");
    if (out->dtype != DType::kU8 && out->dtype != DType::kI16)
      return Error(Code::kUnsupported, "a value with a scale is not of u8 or i16");
  }
  return Ok();
}

}  // namespace pare
