// Gemm: a matrix product over the matmul kernels, cut into tiles and shared out to threads. What
// MatMul, Conv, ConvTranspose and Attention have in common.
//
//   c[i][j] = act(alpha * sum over taps and k (a[i][tap][k] * b[j][tap][k]) + bias[j] +
//   addend[i][j])
//
// for `groups` products of the same size. PlanGemm chooses the kernels, RunGemm computes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/core/status.h"
#include "runtime/core/tensor.h"
#include "runtime/core/thread_pool.h"
#include "runtime/kernels/elementwise/unary.h"
#include "runtime/kernels/matmul/matmul.h"

namespace pare {

struct GemmSize {
  size_t groups, m, n;  // of each group
  size_t taps, k;       // k elements a tap
  size_t b_k;           // of a whole row of b: taps * k, unless GemmProblem::tap_k picks some
  // Elements that `point` may use for each row of a block, to copy what does not lie in one piece.
  size_t patch;
  DType b;  // f32, f16, bf16
  Layout layout = Layout::kT16;
  // With low-bit layouts of b: u8 (Int8T16) or i8 (4 bits), quantized; f32 where they are unpacked.
  DType a = DType::kF32;
  DType c = DType::kF32;  // and of the addend; u8 is quantized
};

// What plan decides; lives in a step's state.
struct GemmPlan {
  const MatmulKernel* kernel;
  UnpackFn* unpack;  // of panels that the kernel cannot read, or null
  UnaryFn activate;  // what the kernel's clamp cannot do, or null
  ActivationParams activation;
  float alpha, lower, upper;
  // A group's tasks: its rows in row_shares equal parts of row_blocks blocks each, times its
  // columns in column_parts. rows_first: rows are the inner loop.
  uint32_t row_shares, row_blocks, column_parts;
  bool rows_first;
  uint64_t thread_scratch;  // bytes
};

// Where the operands of a group are.
struct GemmGroup {
  const void* a;       // row i: a + i * a_stride, where `point` is null
  const void* b;       // panels; aligned to 64 bytes
  const void* addend;  // or null; rows addend_stride apart
  void* c;             // rows c_stride apart
  // The group's columns are [column, column + n) of b, bias, addend and c. Panels that are cut by
  // these bounds cost a copy.
  size_t column;
};

struct GemmProblem {
  GemmSize size;
  size_t columns;                            // of b in all, at least column + n
  size_t a_stride, addend_stride, c_stride;  // in elements
  const float* bias;                         // or null
  const MatmulQuant* quant;  // where a is quantized; its rows are counted through all groups
  const uint32_t* tap_k;     // see MatmulArgs
  const void* context;
  void (*locate)(const GemmProblem& problem, size_t group, GemmGroup* out);
  // Fills pointers[tap * count + i] for rows [row, row + count); patch has size.patch floats for
  // each of them. Null: one tap, rows a_stride apart.
  void (*point)(const GemmProblem& problem, size_t group, size_t row, size_t count,
                const void** pointers, void* patch);
};

// kUnsupported where the activation cannot be fused (into a quantized c: other than a clamp), or
// weights of that kind do not multiply. Scratch: threads * plan->thread_scratch.
Status PlanGemm(const GemmSize& size, float alpha, const ActivationParams& activation, CpuMask cpu,
                size_t threads, GemmPlan* plan);
void RunGemm(const GemmPlan& plan, const GemmProblem& problem, std::byte* scratch,
             const ThreadPool& threads);

}  // namespace pare
