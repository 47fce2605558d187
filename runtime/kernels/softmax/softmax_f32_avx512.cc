#include "runtime/kernels/softmax/softmax.h"

namespace pare {
namespace {

constexpr int kLanes = 16;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/softmax/softmax_f32.inc"

}  // namespace

extern const SoftmaxTable kSoftmaxTableAvx512;
const SoftmaxTable kSoftmaxTableAvx512 = kTable;

}  // namespace pare
