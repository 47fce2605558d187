#include "runtime/kernels/transpose/transpose.h"

namespace pare {
namespace {

#include "runtime/kernels/transpose/lanes128.inc"

using WideLanes = Lanes128;

#include "runtime/kernels/transpose/transpose_bytes.inc"

}  // namespace

extern const TransposeTable kTransposeTableNeon;
const TransposeTable kTransposeTableNeon = {
    {Transpose<1>, Transpose<2>, Transpose<4>, Transpose<8>}};

}  // namespace pare
