#include "runtime/kernels/elementwise/unary.h"

namespace pare {
namespace {

constexpr int kLanes = 8;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/elementwise/unary_f32.inc"

}  // namespace

extern const UnaryTable kUnaryTableAvx2;
const UnaryTable kUnaryTableAvx2 = OnlyBuilt(kTable);

}  // namespace pare
