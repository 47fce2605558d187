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

// A code of y exists for every real number: y is wanted as quantized u8.
bool HasCodes(const Tensor& y);
// x is of u8 and quantized.
inline bool IsQuantizedU8(const Tensor& x) { return x.dtype == DType::kU8 && HasCodes(x); }
inline bool SameScale(const Tensor& a, const Tensor& b) {
  return a.scale == b.scale && a.zero_point == b.zero_point;
}
// The bits of an element of t's type that stands for `value`.
uint64_t ElementBitsOf(const Tensor& t, float value);
// Bounds of codes of y.
struct CodeBounds {
  int32_t lower, upper;
};
CodeBounds CodeBoundsOf(float lower, float upper, const Tensor& y);

// For a quantized x with one scale. `lower` and `upper` bound y in real numbers. Refers to x.
MatmulQuant StaticQuant(const NodeView& node, float lower, float upper);

}  // namespace pare
