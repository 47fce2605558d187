#include "runtime/kernels/elementwise/unary.h"

namespace pare {
namespace {

constexpr int kLanes = 16;
#include "runtime/kernels/vector.inc"
// clang-format keeps the order: the body builds on the vectors.
#include "runtime/kernels/elementwise/unary_f32.inc"

}  // namespace

extern const UnaryTable kUnaryTableAvx512;
const UnaryTable kUnaryTableAvx512 = kTable;

}  // namespace pare
