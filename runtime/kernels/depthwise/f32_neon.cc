#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {
namespace {

constexpr size_t kLanes = 4;
using Vec = float __attribute__((vector_size(16)));

inline Vec LoadFirst(const float* p, size_t n) {
  Vec v{};
  for (size_t i = 0; i < n; ++i) v[i] = p[i];
  return v;
}
inline void StoreFirst(float* p, size_t n, Vec v) {
  for (size_t i = 0; i < n; ++i) p[i] = v[i];
}

constexpr bool kMasks = false;

#include "runtime/kernels/depthwise/depthwise_f32.inc"

}  // namespace

void depthwise_f32_f32_f32_8x4_neon(const DepthwiseArgs& args) { Run(args); }

}  // namespace pare
