// y = scale * (x - zero point) of a quantized x.
#include "runtime/kernels/quantize/quantize.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/parallel.h"

namespace pare {
namespace {

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  if (x.dtype != DType::kU8 || !x.IsQuantized())
    return Error(Code::kUnsupported, "Dequantize takes quantized u8");
  return SetCheckedOutput(node, 0, DType::kF32, x.shape);
}

Status PlanDequantize(PlanContext& context) {
  *context.NewState<const QuantizeTable*>() = &SelectQuantize(context.cpu);
  context.kernel = "dequantize_u8";
  return Ok();
}

Status Run(const RunContext& context) {
  const Tensor &x = *context.In(0), *y = context.Out(0);
  if (y == nullptr) return Ok();
  const QuantizeTable& kernels = *context.State<const QuantizeTable*>();
  ParallelRange(context, x.Elements(), 1, [&](size_t begin, size_t end, size_t) {
    kernels.from_u8(x.Data<uint8_t>() + begin, y->Data<float>() + begin, end - begin, x.scale,
                    x.zero_point);
  });
  return Ok();
}

}  // namespace

extern const OpDef kDequantizeOp = {"Dequantize", 1, 1, 1, 1, Infer, PlanDequantize, Run};

}  // namespace pare
