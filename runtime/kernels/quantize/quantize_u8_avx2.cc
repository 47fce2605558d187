#include <immintrin.h>

#include "runtime/kernels/quantize/quantize.h"

namespace pare {
namespace {

constexpr int kLanes = 8;
#include "runtime/kernels/vector.inc"
// What follows builds on the vectors: keep the order.
#include "runtime/kernels/codes_avx2.inc"
// And the body on both.
#include "runtime/kernels/quantize/quantize_u8.inc"

}  // namespace

extern const QuantizeTable kQuantizeTableAvx2;
const QuantizeTable kQuantizeTableAvx2 = kTable;

}  // namespace pare
