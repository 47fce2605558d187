#include "runtime/kernels/elementwise/binary.h"

namespace pare {
namespace {

constexpr int kLanes = 4;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/elementwise/binary_f32.inc"

}  // namespace

extern const BinaryTable kBinaryTableNeon;
const BinaryTable kBinaryTableNeon = OnlyBuilt(kTable);

}  // namespace pare
