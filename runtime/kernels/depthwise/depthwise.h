// Depthwise: micro-kernels of convolutions with one filter a channel. Contract; PODs only.
//
//   c[i][j] = clamp(sum over lines and taps (x[line][i * step + tap][j] * w[j][line][tap]) +
//   bias[j] + addend[i][j])
//
// Neighbouring pixels share columns of x where step < width: a kernel reads them once.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "runtime/kernels/cpu.h"
#include "runtime/kernels/matmul/matmul.h"

namespace pare {

// Kernels compute so many pixels together.
inline constexpr size_t kDepthwisePixels = 8;

struct DepthwiseArgs {
  // x[line * line_stride + i * step + tap]: `channels` floats that a tap of pixel i reads. There
  // for whole tiles: `pixels` rounded up to kDepthwisePixels.
  const float* const* x;
  size_t line_stride;
  size_t lines, width;  // of the window; width taps a line
  size_t step;          // columns from a pixel to the next
  size_t pixels, channels;
  const float* w;  // Depthwise16 (runtime/layout/layout.h) of lines * width taps
  float* c;        // pixel i: c + i * c_stride
  size_t c_stride;
  const float* bias;    // or null
  const float* addend;  // as c, rows addend_stride apart; or null; may be c
  size_t addend_stride;
  float lower, upper;  // -inf, inf: no clamp
};
using DepthwiseFn = void(const DepthwiseArgs& args);

struct DepthwiseKernel {
  const char* name;  // depthwise_f32_f32_f32_<pixels>x<channels>_<isa>
  CpuMask needs;
  uint8_t pixels, channels;  // of the inner tile; the kernel takes any number of both
  DepthwiseFn* run;
};

// The best kernel; there is one on every machine.
const DepthwiseKernel* SelectDepthwise(CpuMask cpu);
// Every row that this build has, best first, for tests and benchmarks.
const DepthwiseKernel* DepthwiseKernels(size_t* count);

// ---- Quantized x with Int8Depthwise16 weights; c is u8 where quant->quantize, otherwise f32. The
// results are those of MatmulQuant, bit for bit.
//
// A kernel reads the input by columns: `kernel_rows` bytes a channel, one of each row of the
// window. Neighbouring pixels share columns.

// Where a row of the window lies: a line of the input, or null where it is outside; the position in
// it that the first column reads; and the columns [begin, end) that are inside.
struct DepthwiseRow {
  const uint8_t* line;
  ptrdiff_t first;
  size_t begin, end;
};

struct DepthwiseInt8Args {
  const DepthwiseRow* rows;  // [lines][kernel_rows]
  size_t lines, pixels;      // of the output, which follow each other
  size_t kernel_rows, kernel_columns;
  size_t columns;           // that a line reads
  size_t stride, dilation;  // columns from a pixel to the next, from a tap to the next
  size_t step;              // positions from a column to the next
  const uint8_t* padding;   // `channels` bytes for positions outside a line
  size_t channels;          // of x, c, the addend
  const void* w;
  void* c;
  const float* bias;   // or null
  const void* addend;  // as c, or null; may be c
  float lower, upper;  // of c in f32
  const MatmulQuant* quant;
  void* scratch;  // DepthwiseInt8Scratch, aligned to 64 bytes
};
using DepthwiseInt8Fn = void(const DepthwiseInt8Args& args);

struct DepthwiseInt8Kernel {
  const char* name;  // depthwise_qu8_qs8_x<channels>_<isa>
  CpuMask needs;
  uint8_t channels;     // that are computed together
  uint16_t cell_bytes;  // of four rows of a column of so many channels, prepared
  uint8_t cost;         // of so many channels, against other rows
  DepthwiseInt8Fn* run;
};

// Bytes of scratch for lines of so many columns.
inline size_t DepthwiseInt8Scratch(const DepthwiseInt8Kernel& kernel, size_t columns,
                                   size_t kernel_rows, size_t kernel_columns) {
  return (columns + kernel_columns) * ((kernel_rows + 3) / 4) * kernel.cell_bytes;
}

// The best kernel for so many channels; there is one on every machine.
const DepthwiseInt8Kernel* SelectDepthwiseInt8(CpuMask cpu, size_t channels);
const DepthwiseInt8Kernel* DepthwiseInt8Kernels(size_t* count);

}  // namespace pare
