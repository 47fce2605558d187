// Matmul: the micro-kernels of matrix products and convolutions. Contract; PODs only, because the
// files of each instruction set include it.
//
//   c[i][j] = clamp(alpha * sum(a[i][k] * b[j][k]) + bias[j] + addend[i][j])
//
// A is read through row pointers, so that a convolution needs no copy of its input: for each filter
// tap there is one pointer a row. B lies in T16 panels (runtime/layout/layout.h).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "runtime/kernels/cpu.h"

namespace pare {

enum class DType : uint8_t;
enum class Layout : uint8_t;

// What quantized operands add. a is u8: the element q of row i stands for
// a_scale[i * a_step] * (q - a_zero[i * a_step]). b is a low-bit encoding. Where that has 4 bits, a
// is i8, and q stands for a_scale[i] * q with q in [-127, 127].
struct MatmulQuant {
  const float* a_scale;
  const int32_t* a_zero;
  size_t a_step;  // 0: the same for all rows; 1: each row has its own
  // c is f32, or quantized (u8), which needs a_step == 0. Then every step is in this order, so that
  // all instruction sets give the same bytes: the exact integer sum, to float; a fused multiply-add
  // with scale[j] * ratio and bias[j] * inverse; one with the addend less its zero point and
  // addend_ratio; bounds; rounding, half to even; zero.
  bool quantize;
  float ratio;         // scale of a / scale of c
  float inverse;       // 1 / scale of c
  float addend_ratio;  // scale of the addend / scale of c
  int32_t addend_zero;
  float lower, upper;  // of c less zero: whole numbers, in [-zero, 255 - zero]
  int32_t zero;        // of c
  // Of weights of 4 bits: each `group` k have a scale. All instruction sets take the steps in this
  // order: the exact integer sum of a group, to float; a fused multiply-add of it, the group's
  // scale and the groups before, and one of the group's minimum and the sum of the a; at last one
  // with a_scale[i] * alpha and bias[j].
  size_t group;
  const int32_t* a_terms;  // [row][k / group]: the kernel's `term` times the sum of the group's a
};

// One tile: at most mr rows and nr columns of the kernel's row. Elements of a, c and the addend are
// floats, or u8 where the kernel's a is.
struct MatmulArgs {
  const void* const* a;   // a[t * rows + i]: where row i of tap t starts; u8 rows may be read up to
                          // 3 bytes behind their end
  size_t rows;            // 1 to mr
  size_t taps;            // 1 for a plain product
  size_t k;               // elements that each tap reads from a row
  const uint32_t* tap_k;  // first k of each tap in b; null: the taps follow each other
  const void* b;          // the first panel, aligned to 64 bytes
  size_t panel_bytes;     // from a panel to the next
  const void* next;       // what the next tiles will read of b: kernels may prefetch it; never null
  size_t n;               // columns to write, 1 to nr; b has every panel that they touch, and
                          // where it was unpacked to i8 room for all that nr does
  void* c;                // row i: i * c_stride elements on
  size_t c_stride;
  const float* bias;   // n floats, or null
  const void* addend;  // row i: i * addend_stride elements on, n of c's type; or null; may be c
  size_t addend_stride;
  float alpha;
  float lower, upper;        // -inf, inf: no clamp. Not of quantized c
  const MatmulQuant* quant;  // null where a is f32
  size_t first_row;          // of the tile among the rows that quant counts
};
// Bytes that a kernel prefetches from `next` at most, for each k of the tile.
inline constexpr size_t kPrefetchPerK = 32;
using MatmulFn = void(const MatmulArgs& args);

struct MatmulKernel {
  const char* name;  // matmul_<output>_<a>_<b>t16_<mr>x<nr>_<isa>
  CpuMask needs;
  DType a, b;     // b: what the weight decodes to where its layout is a low-bit one
  Layout layout;  // of b; of 4 bits: that with the smallest group, which stands for all
  uint8_t mr, nr;
  MatmulFn* run;
  int16_t term;  // see MatmulQuant::a_terms
};

// The best kernel for `m` rows (mr == 1 exactly where m == 1) and `n` columns, or null. T16: f32
// weights have both on every machine; f16 and bf16 only m == 1 with one tap: unpack panels for
// more. u8 a with Int8T16 weights has both on every machine, and so has i8 a with weights of 4
// bits; more rows than one read panels that are unpacked to i8. A kernel with nr % 16 != 0 is only
// for n <= nr columns from the start of a panel.
const MatmulKernel* SelectMatmul(DType a, DType b, Layout layout, size_t m, size_t n, CpuMask cpu);

// Unpacks a panel of 16 rows and k columns of weights that have no kernel of their own. `group`: of
// k that share a scale.
using UnpackFn = void(const void* panel, size_t k, size_t group, void* dst);

struct UnpackKernel {
  const char* name;  // unpack_<to>_<b>t16_<isa>
  CpuMask needs;
  DType to;  // f32: T16 cells, dst[k][16], for an even number of k where the weights have 16 bits;
             // i8: see UnpackedBytes
  DType type;     // of the weights
  Layout layout;  // as MatmulKernel::layout
  UnpackFn* run;
};
const UnpackKernel* SelectUnpack(DType to, DType type, Layout layout, CpuMask cpu);

// Bytes of an unpacked panel. To i8: for each group of k the scales, 16 f32, of Uint4* also the
// minima, 16 f32, then cells of 4 k with a byte a k. What its value is, is between kernels of the
// same instruction set.
size_t UnpackedBytes(DType to, Layout layout, size_t k, size_t group);

// Every row that this build has, best first, for tests and benchmarks.
const MatmulKernel* MatmulKernels(size_t* count);
const UnpackKernel* UnpackKernels(size_t* count);

}  // namespace pare
