#include "runtime/kernels/elementwise/binary.h"

namespace pare {
namespace {

constexpr int kLanes = 16;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/elementwise/binary_f32.inc"

}  // namespace

extern const BinaryTable kBinaryTableAvx512;
const BinaryTable kBinaryTableAvx512 = OnlyBuilt(kTable);

}  // namespace pare
