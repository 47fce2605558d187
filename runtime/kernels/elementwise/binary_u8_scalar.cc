#include "runtime/kernels/elementwise/binary.h"

namespace pare {
namespace {

constexpr int kLanes = 4;
#include "runtime/kernels/vector.inc"
// What follows builds on the vectors: keep the order.
#include "runtime/kernels/codes.inc"
// And the body on both.
#include "runtime/kernels/elementwise/binary_u8.inc"

}  // namespace

extern const BinaryU8Table kBinaryU8TableScalar;
const BinaryU8Table kBinaryU8TableScalar = kTable;

}  // namespace pare
