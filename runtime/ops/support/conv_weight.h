// Weights of convolutions that the converter did not pack: packed into scratch by each run.
#pragma once

#include <cstdint>

#include "runtime/core/status.h"
#include "runtime/core/tensor.h"
#include "runtime/core/thread_pool.h"

namespace pare {

// Bytes that PackWeight writes, a multiple of 64; 0 where w is packed already.
Result<uint64_t> PackedWeightBytes(const Tensor& w);
// Packs a plain weight [M, kernel..., C/group] of f32, f16 or bf16 into f32 T16.
void PackWeight(const Tensor& w, float* dst, const ThreadPool& threads);

// The same for Depthwise16: also 16-bit packed weights are unpacked to f32.
Result<uint64_t> DepthwiseWeightBytes(const Tensor& w);
void PackDepthwiseWeight(const Tensor& w, float* dst);

}  // namespace pare
