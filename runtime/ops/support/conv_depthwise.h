// Conv where every channel has one filter of its own.
#pragma once

#include "runtime/kernels/depthwise/depthwise.h"
#include "runtime/kernels/elementwise/unary.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/conv_geometry.h"

namespace pare {

bool IsDepthwise(const ConvGeometry& g);
// plan and run of such a Conv.
Status PlanDepthwise(const ConvGeometry& g, const ActivationParams& activation,
                     PlanContext& context);
Status RunDepthwise(const ConvGeometry& g, const RunContext& context);

// A planned step of such a Conv, ready to compute pieces of its result.
class DepthwiseConv {
 public:
  DepthwiseConv(const ConvGeometry& g, const RunContext& context);
  // Output pixels [row, row + count) of `g`, which is the whole convolution over x or a part of
  // it, to the result from float `at` on.
  void Run(const ConvGeometry& g, const float* x, size_t row, size_t count, size_t at,
           size_t thread) const;

 private:
  const RunContext& context_;
  DepthwiseArgs args_{};
  const float* zeros_;
  float* y_;
  std::byte* pointers_;
  uint64_t pointer_bytes_;  // of a thread
};

}  // namespace pare
