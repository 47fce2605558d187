#include <immintrin.h>

#include "runtime/kernels/pool/pool.h"

namespace pare {
namespace {

constexpr int kLanes = 16;
#include "runtime/kernels/vector.inc"
// What follows builds on the vectors: keep the order.
#include "runtime/kernels/codes_avx512.inc"
// And the body on both.
#include "runtime/kernels/pool/pool_u8.inc"

}  // namespace

extern const PoolTable kPoolU8TableAvx512;
const PoolTable kPoolU8TableAvx512 = kTable;

}  // namespace pare
