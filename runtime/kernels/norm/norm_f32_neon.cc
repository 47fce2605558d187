#include "runtime/kernels/norm/norm.h"

namespace pare {
namespace {

constexpr int kLanes = 4;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/norm/norm_f32.inc"

}  // namespace

extern const NormTable kNormTableNeon;
const NormTable kNormTableNeon = kTable;

}  // namespace pare
