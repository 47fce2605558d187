#include "runtime/kernels/reduce/reduce.h"

namespace pare {
namespace {

constexpr int kLanes = 4;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/reduce/reduce_f32.inc"

}  // namespace

extern const ReduceTable kReduceTableScalar;
const ReduceTable kReduceTableScalar = OnlyBuilt(kTable);

}  // namespace pare
