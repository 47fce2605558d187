// y = x in the scale and zero point of y: f32 is rounded, quantized values change their scale.
#include "runtime/kernels/quantize/quantize.h"

#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

constexpr size_t kCodes = 256;

Status Infer(const NodeView& node) {
  const Tensor &x = *node.In(0), *y = node.Out(0);
  if (x.dtype != DType::kF32 && !(x.dtype == DType::kU8 && x.IsQuantized()))
    return Error(Code::kUnsupported, "Quantize takes f32 or quantized u8");
  if (y == nullptr || !y->IsQuantized() || y->zero_point < 0 || y->zero_point >= int32_t{kCodes})
    return Error(Code::kCorrupt, "the result of Quantize has no scale, or a zero point beyond u8");
  return SetCheckedOutput(node, 0, DType::kU8, x.shape);
}

Status PlanQuantize(PlanContext& context) {
  *context.NewState<const QuantizeTable*>() = &SelectQuantize(context.cpu);
  if (context.In(0)->dtype != DType::kF32) {
    context.scratch_bytes = kCodes;
    context.in_place = 0;
  }
  context.kernel = context.In(0)->dtype == DType::kF32 ? "quantize_u8" : "table";
  return Ok();
}

Status Run(const RunContext& context) {
  const Tensor &x = *context.In(0), &y = *context.Out(0);
  const QuantizeTable& kernels = *context.State<const QuantizeTable*>();
  const float inverse = 1 / y.scale;
  if (x.dtype == DType::kF32) {
    ParallelRange(context, x.Elements(), 1, [&](size_t begin, size_t end, size_t) {
      kernels.to_u8(x.Data<float>() + begin, y.Data<uint8_t>() + begin, end - begin, inverse,
                    y.zero_point);
    });
    return Ok();
  }
  auto* table = reinterpret_cast<uint8_t*>(context.scratch);
  for (size_t code = 0; code < kCodes; ++code) {
    const float value = x.scale * static_cast<float>(static_cast<int32_t>(code) - x.zero_point);
    kernels.to_u8(&value, &table[code], 1, inverse, y.zero_point);
  }
  ParallelRange(context, x.Elements(), 1, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; ++i) y.Data<uint8_t>()[i] = table[x.Data<uint8_t>()[i]];
  });
  return Ok();
}

}  // namespace

extern const OpDef kQuantizeOp = {"Quantize", 1, 1, 1, 1, Infer, PlanQuantize, Run};

}  // namespace pare
