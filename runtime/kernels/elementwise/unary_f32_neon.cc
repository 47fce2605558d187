#include "runtime/kernels/elementwise/unary.h"

namespace pare {
namespace {

constexpr int kLanes = 4;
#include "runtime/kernels/vector.inc"
// clang-format keeps the order: the body builds on the vectors.
#include "runtime/kernels/elementwise/unary_f32.inc"

}  // namespace

extern const UnaryTable kUnaryTableNeon;
const UnaryTable kUnaryTableNeon = kTable;

}  // namespace pare
