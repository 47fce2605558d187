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

// One tile: at most mr rows and nr columns of the kernel's row.
struct MatmulArgs {
  const float* const* a;  // a[t * rows + i]: where row i of tap t starts
  size_t rows;            // 1 to mr
  size_t taps;            // 1 for a plain product
  size_t k;               // floats that each tap reads from a row
  const uint32_t* tap_k;  // first k of each tap in b; null: the taps follow each other
  const void* b;          // the first panel, aligned to 64 bytes
  size_t panel_bytes;     // from a panel to the next
  const void* next;       // what the next tiles will read of b: kernels may prefetch it; never null
  size_t n;               // columns to write, 1 to nr; b has every panel that they touch
  float* c;               // row i: c + i * c_stride
  size_t c_stride;
  const float* bias;    // n floats, or null
  const float* addend;  // row i: addend + i * addend_stride, n floats; or null; may be c
  size_t addend_stride;
  float alpha;
  float lower, upper;  // -inf, inf: no clamp
};
// Bytes that a kernel prefetches from `next` at most, for each k of the tile.
inline constexpr size_t kPrefetchPerK = 32;
using MatmulFn = void(const MatmulArgs& args);

struct MatmulKernel {
  const char* name;  // matmul_<output>_<a>_<b>t16_<mr>x<nr>_<isa>
  CpuMask needs;
  DType a, b;
  uint8_t mr, nr;
  MatmulFn* run;
};

// The best kernel for `m` rows (mr == 1 exactly where m == 1) and `n` columns, or null: f32 weights
// have both on every machine; f16 and bf16 only m == 1 with one tap: unpack panels for more.
const MatmulKernel* SelectMatmul(DType a, DType b, size_t m, size_t n, CpuMask cpu);

// Unpacks `count` 16-bit cells into f32 ones: dst[k][16] for k in [0, 2 * count).
using UnpackT16Fn = void(const uint16_t* cells, size_t count, float* dst);

struct UnpackT16Kernel {
  const char* name;  // unpack_f32_<type>t16_<isa>
  CpuMask needs;
  DType type;
  UnpackT16Fn* run;
};
const UnpackT16Kernel* SelectUnpackT16(DType type, CpuMask cpu);

// Every row that this build has, best first, for tests and benchmarks.
const MatmulKernel* MatmulKernels(size_t* count);
const UnpackT16Kernel* UnpackT16Kernels(size_t* count);

}  // namespace pare
