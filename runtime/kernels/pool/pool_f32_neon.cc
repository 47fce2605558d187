#include "runtime/kernels/pool/pool.h"

namespace pare {
namespace {

constexpr int kLanes = 4;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/pool/pool_f32.inc"

}  // namespace

extern const PoolTable kPoolTableNeon;
const PoolTable kPoolTableNeon = kTable;

}  // namespace pare
