#include "runtime/ops/support/conv_weight.h"

#include <cstring>

#include "runtime/core/arena.h"
#include "runtime/layout/layout.h"

namespace pare {
namespace {

float Element(const Tensor& w, size_t i) {
  switch (w.dtype) {
    case DType::kF16: return HalfToFloat(w.Data<uint16_t>()[i]);
    case DType::kBF16: return Bfloat16ToFloat(w.Data<uint16_t>()[i]);
    default: return w.Data<float>()[i];
  }
}

}  // namespace

Result<uint64_t> PackedWeightBytes(const Tensor& w) {
  if (w.layout == Layout::kT16) return uint64_t{0};
  uint64_t bytes;
  if (w.layout != Layout::kPlain || !PackedBytes(Layout::kT16, DType::kF32, w.shape, &bytes))
    return Error(Code::kShape, "the weight of a convolution has a layout or size that cannot be");
  return AlignUp(bytes);
}

void PackWeight(const Tensor& w, float* dst, const ThreadPool& threads) {
  const auto n = static_cast<size_t>(w.shape[0]);
  const auto k = static_cast<size_t>(w.shape.Elements(1, w.shape.rank));
  const size_t panels = (n + kPanelRows - 1) / kPanelRows;
  threads.ForRange(panels, 1 + 8192 / (kPanelRows * k), [&](size_t begin, size_t end, size_t) {
    for (size_t p = begin; p < end; ++p) {
      const size_t row = p * kPanelRows, rows = n - row < kPanelRows ? n - row : kPanelRows;
      float* panel = dst + row * k;
      if (w.dtype == DType::kF32) {
        PackRowsT16(w.Data<float>() + row * k, k, rows, k, panel);
        continue;
      }
      for (size_t i = 0; i < k * kPanelRows; ++i) {
        const size_t r = i % kPanelRows;
        panel[i] = r < rows ? Element(w, (row + r) * k + i / kPanelRows) : 0;
      }
    }
  });
}

Result<uint64_t> DepthwiseWeightBytes(const Tensor& w) {
  // With one channel a filter, T16 of f32 and Depthwise16 are the same bytes.
  if (w.layout != Layout::kPlain && w.dtype == DType::kF32) return uint64_t{0};
  if (w.layout == Layout::kT16)
    return Error(Code::kShape, "a 16-bit weight of a depthwise convolution is packed Depthwise16");
  uint64_t bytes;
  if (!PackedBytes(Layout::kDepthwise16, DType::kF32, w.shape, &bytes))
    return Error(Code::kShape, "the weight of a depthwise convolution is too large");
  return AlignUp(bytes);
}

void PackDepthwiseWeight(const Tensor& w, float* dst) {
  const auto channels = static_cast<size_t>(w.shape[0]);
  const auto taps = static_cast<size_t>(w.shape.Elements(1, w.shape.rank));
  const size_t padded = (channels + kPanelRows - 1) / kPanelRows * kPanelRows;
  for (size_t i = 0; i < padded * taps; ++i) {
    const size_t c = i / (taps * kPanelRows) * kPanelRows + i % kPanelRows;
    const size_t t = i / kPanelRows % taps;
    if (w.layout == Layout::kDepthwise16)
      dst[i] = Element(w, i);
    else
      dst[i] = c < channels ? Element(w, c * taps + t) : 0;
  }
}

}  // namespace pare
