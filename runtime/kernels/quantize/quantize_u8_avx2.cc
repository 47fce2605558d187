#include "runtime/kernels/quantize/quantize.h"

namespace pare {
namespace {

constexpr int kLanes = 8;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/quantize/quantize_u8.inc"

}  // namespace

extern const QuantizeTable kQuantizeTableAvx2;
const QuantizeTable kQuantizeTableAvx2 = kTable;

}  // namespace pare
