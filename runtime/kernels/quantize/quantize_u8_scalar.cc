#include "runtime/kernels/quantize/quantize.h"

namespace pare {
namespace {

constexpr int kLanes = 4;
#include "runtime/kernels/vector.inc"
// What follows builds on the vectors: keep the order.
#include "runtime/kernels/codes.inc"
// And the body on both.
#include "runtime/kernels/quantize/quantize_u8.inc"

}  // namespace

extern const QuantizeTable kQuantizeTableScalar;
const QuantizeTable kQuantizeTableScalar = kTable;

}  // namespace pare
