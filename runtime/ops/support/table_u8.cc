#include "runtime/ops/support/table_u8.h"

#include "runtime/kernels/quantize/quantize.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/parallel.h"
#include "runtime/ops/support/quantized.h"

namespace pare {

Status InferTable(const NodeView& node) {
  const Tensor &x = *node.In(0), *y = node.Out(0);
  if (!IsQuantizedU8(x) || (y != nullptr && !HasCodes(*y)))
    return Error(Code::kUnsupported, "a function of quantized u8 gives quantized u8");
  return SetCheckedOutput(node, 0, DType::kU8, x.shape);
}

void RunTable(const RunContext& context, UnaryFn f, const ActivationParams& params,
              LookUpFn look_up, std::byte* table) {
  const Tensor &x = *context.In(0), &y = *context.Out(0);
  float values[kTableBytes];
  for (size_t code = 0; code < kTableBytes; ++code)
    values[code] = x.scale * static_cast<float>(static_cast<int32_t>(code) - x.zero_point);
  if (f != nullptr) f(&params, values, values, kTableBytes);
  auto* codes = reinterpret_cast<uint8_t*>(table);
  SelectQuantize(kCpuScalar).to_u8(values, codes, kTableBytes, 1 / y.scale, y.zero_point);
  ParallelRange(context, y.Elements(), 1, [&](size_t begin, size_t end, size_t) {
    look_up(codes, x.Data<uint8_t>() + begin, y.Data<uint8_t>() + begin, end - begin);
  });
}

}  // namespace pare
