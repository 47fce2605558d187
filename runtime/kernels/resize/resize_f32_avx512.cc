#include "runtime/kernels/resize/resize.h"

namespace pare {
namespace {

constexpr int kLanes = 16;
#include "runtime/kernels/vector.inc"
// The body builds on the vectors: keep the order.
#include "runtime/kernels/resize/resize_f32.inc"

}  // namespace

extern const ResizeTable kResizeTableAvx512;
const ResizeTable kResizeTableAvx512 = kTable;

}  // namespace pare
