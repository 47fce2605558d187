#include "runtime/kernels/elementwise/binary.h"

namespace pare {
namespace {

constexpr int kLanes = 4;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/elementwise/binary_f32.inc"

}  // namespace

extern const BinaryTable kBinaryTableScalar;
const BinaryTable kBinaryTableScalar = OnlyBuilt(kTable);

}  // namespace pare
