#include "runtime/kernels/reduce/reduce.h"

namespace pare {
namespace {

constexpr int kLanes = 8;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/reduce/reduce_f32.inc"

}  // namespace

extern const ReduceTable kReduceTableAvx2;
const ReduceTable kReduceTableAvx2 = OnlyBuilt(kTable);

}  // namespace pare
