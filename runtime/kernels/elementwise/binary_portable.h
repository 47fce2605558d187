// Functions of two variables that have no vectors of their own, by BinaryType and fb::BinaryKind.
#pragma once

#include "runtime/kernels/elementwise/binary.h"

namespace pare {

extern const BinaryFn kPortableBinary[4][kBinaryKinds];

}  // namespace pare
