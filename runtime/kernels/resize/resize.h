// Interpolation along one axis.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pare {

inline constexpr int kMaxTaps = 4;

// What an output position is made of.
struct ResizeTap {
  int32_t index[kMaxTaps];  // index[0] < 0: outside, the extrapolation value
  float weight[kMaxTaps];
};

// y[i][j] = sum over t < taps of weight[t] * x[index[t] * n + j] for i < count, j < n.
struct ResizeArgs {
  const float* x;
  float* y;
  const ResizeTap* positions;
  size_t count, n;
  float outside;
};
using ResizeFn = void (*)(const ResizeArgs& args);

struct ResizeTable {
  ResizeFn two, four;  // taps
};

// For the best instruction set of `cpu`.
const ResizeTable& SelectResize(uint32_t cpu);

}  // namespace pare
