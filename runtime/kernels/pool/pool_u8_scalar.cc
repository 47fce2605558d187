#include "runtime/kernels/pool/pool.h"

namespace pare {
namespace {

constexpr int kLanes = 4;
#include "runtime/kernels/vector.inc"
// What follows builds on the vectors: keep the order.
#include "runtime/kernels/codes.inc"
// And the body on both.
#include "runtime/kernels/pool/pool_u8.inc"

}  // namespace

extern const PoolTable kPoolU8TableScalar;
const PoolTable kPoolU8TableScalar = kTable;

}  // namespace pare
