// Quantized operands of matrix products and convolutions.
#pragma once

#include "runtime/kernels/matmul/matmul.h"
#include "runtime/ops/op.h"

namespace pare {

// What infer checks of x [input 0], the addend [input 3] and y where x is quantized: kUnsupported
// or kShape where their types or scales do not fit.
Status CheckQuantized(const NodeView& node);

// u8 where the file gives y a scale, otherwise f32.
inline DType TypeOfResult(const NodeView& node) {
  return node.Out(0)->IsQuantized() ? DType::kU8 : DType::kF32;
}

// For a quantized x with one scale. `lower` and `upper` bound y in real numbers. Refers to x.
MatmulQuant StaticQuant(const NodeView& node, float lower, float upper);

}  // namespace pare
