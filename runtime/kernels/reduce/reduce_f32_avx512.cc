#include "runtime/kernels/reduce/reduce.h"

namespace pare {
namespace {

constexpr int kLanes = 16;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/reduce/reduce_f32.inc"

}  // namespace

extern const ReduceTable kReduceTableAvx512;
const ReduceTable kReduceTableAvx512 = OnlyBuilt(kTable);

}  // namespace pare
