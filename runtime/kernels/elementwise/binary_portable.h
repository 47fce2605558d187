// Functions of two variables that have no vectors of their own, by BinaryType and fb::BinaryKind.
#pragma once

#include "runtime/kernels/elementwise/binary.h"

namespace pare {

struct PortableBinaryTable {
  BinaryFn functions[4][kBinaryKinds];
};
extern const PortableBinaryTable kPortableBinary;

}  // namespace pare
