// Functions of two variables that have no vectors of their own, by BinaryType and fb::BinaryKind.
#pragma once

#include "runtime/kernels/elementwise/binary.h"

namespace pare {

struct PortableKinds {
  BinaryFn functions[kBinaryKinds];
};
struct PortableBinaryTable {
  PortableKinds types[4];
};
extern const PortableBinaryTable kPortableBinary;

}  // namespace pare
