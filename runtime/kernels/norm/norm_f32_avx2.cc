#include "runtime/kernels/norm/norm.h"

namespace pare {
namespace {

constexpr int kLanes = 8;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/norm/norm_f32.inc"

}  // namespace

extern const NormTable kNormTableAvx2;
const NormTable kNormTableAvx2 = kTable;

}  // namespace pare
