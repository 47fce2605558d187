#include "runtime/kernels/elementwise/binary.h"

namespace pare {
namespace {

constexpr int kLanes = 8;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/elementwise/binary_f32.inc"

}  // namespace

extern const BinaryTable kBinaryTableAvx2;
const BinaryTable kBinaryTableAvx2 = OnlyBuilt(kTable);

}  // namespace pare
