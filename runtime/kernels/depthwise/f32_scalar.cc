// The truth that every other kernel is tested against: loops that follow the contract.
#include "runtime/kernels/depthwise/depthwise.h"

namespace pare {

void depthwise_f32_f32_f32_1x1_scalar(const DepthwiseArgs& s) {
  constexpr size_t kCell = 16;
  for (size_t i = 0; i < s.pixels; ++i) {
    for (size_t j = 0; j < s.channels; ++j) {
      const float* w = s.w + j / kCell * s.lines * s.width * kCell + j % kCell;
      float sum = 0;
      for (size_t l = 0; l < s.lines; ++l) {
        const float* const* x = s.x + l * s.line_stride + i * s.step;
        for (size_t k = 0; k < s.width; ++k, w += kCell) sum += x[k][j] * *w;
      }
      if (s.bias != nullptr) sum += s.bias[j];
      if (s.addend != nullptr) sum += s.addend[i * s.addend_stride + j];
      if (sum < s.lower) sum = s.lower;
      if (sum > s.upper) sum = s.upper;
      s.c[i * s.c_stride + j] = sum;
    }
  }
}

}  // namespace pare
