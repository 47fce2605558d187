#include "runtime/kernels/elementwise/unary.h"

namespace pare {
namespace {

constexpr int kLanes = 16;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/elementwise/unary_f32.inc"

}  // namespace

extern const UnaryTable kUnaryTableAvx512;
const UnaryTable kUnaryTableAvx512 = OnlyBuilt(kTable);

}  // namespace pare
