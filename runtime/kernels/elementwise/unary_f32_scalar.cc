#include "runtime/kernels/elementwise/unary.h"

namespace pare {
namespace {

constexpr int kLanes = 4;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/elementwise/unary_f32.inc"

}  // namespace

extern const UnaryTable kUnaryTableScalar;
const UnaryTable kUnaryTableScalar = OnlyBuilt(kTable);

}  // namespace pare
