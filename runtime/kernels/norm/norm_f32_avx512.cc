#include "runtime/kernels/norm/norm.h"

namespace pare {
namespace {

constexpr int kLanes = 16;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/norm/norm_f32.inc"

}  // namespace

extern const NormTable kNormTableAvx512;
const NormTable kNormTableAvx512 = kTable;

}  // namespace pare
