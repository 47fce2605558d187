#include <immintrin.h>

#include "runtime/kernels/elementwise/binary.h"

namespace pare {
namespace {

constexpr int kLanes = 16;
#include "runtime/kernels/vector.inc"
// What follows builds on the vectors: keep the order.
#include "runtime/kernels/codes_avx512.inc"
// And the body on both.
#include "runtime/kernels/elementwise/binary_u8.inc"

}  // namespace

extern const BinaryU8Table kBinaryU8TableAvx512;
const BinaryU8Table kBinaryU8TableAvx512 = kTable;

}  // namespace pare
