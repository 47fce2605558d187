#include <immintrin.h>

#include "runtime/kernels/quantize/quantize.h"

namespace pare {
namespace {

constexpr int kLanes = 16;
#include "runtime/kernels/vector.inc"
// What follows builds on the vectors: keep the order.
#include "runtime/kernels/codes_avx512.inc"
// And the body on both.
#include "runtime/kernels/quantize/quantize_u8.inc"

}  // namespace

extern const QuantizeTable kQuantizeTableAvx512;
const QuantizeTable kQuantizeTableAvx512 = kTable;

}  // namespace pare
