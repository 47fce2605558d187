#include "runtime/kernels/pool/pool.h"

namespace pare {
namespace {

constexpr int kLanes = 16;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/pool/pool_f32.inc"

}  // namespace

extern const PoolTable kPoolTableAvx512;
const PoolTable kPoolTableAvx512 = kTable;

}  // namespace pare
