// The truth that every other kernel is tested against: loops that follow the contract.
#include "runtime/kernels/depthwise/depthwise.h"
#include "runtime/kernels/matmul/quantized_scalar.h"

namespace pare {
namespace {

constexpr size_t kPanel = 16;
constexpr size_t kHeader = kPanel * 8;

struct Channel {
  float scale, bias;
  int32_t sum;            // of the weights
  const int8_t* weights;  // the channel's lane of the first cell
};

Channel ChannelOf(const DepthwiseInt8Args& s, size_t j) {
  const size_t cells = s.kernel_columns * ((s.kernel_rows + 3) / 4);
  const char* panel = static_cast<const char*>(s.w) + j / kPanel * (kHeader + cells * kPanel * 4);
  const size_t lane = j % kPanel;
  Channel c{0, s.bias == nullptr ? 0 : s.bias[j], 0, nullptr};
  __builtin_memcpy(&c.scale, panel + lane * 4, sizeof c.scale);
  __builtin_memcpy(&c.sum, panel + (kPanel + lane) * 4, sizeof c.sum);
  c.weights = reinterpret_cast<const int8_t*>(panel) + kHeader + lane * 4;
  return c;
}

int32_t Sum(const DepthwiseInt8Args& s, const DepthwiseRow* rows, size_t pixel, size_t j,
            const int8_t* weights) {
  const size_t groups = (s.kernel_rows + 3) / 4;
  int32_t sum = 0;
  for (size_t k = 0; k < s.kernel_columns; ++k) {
    const size_t column = pixel * s.stride + k * s.dilation;
    for (size_t r = 0; r < s.kernel_rows; ++r) {
      const size_t at = static_cast<size_t>(rows[r].first) + column * s.step;
      const bool inside =
          rows[r].line != nullptr && column >= rows[r].begin && column < rows[r].end;
      const int32_t x = inside ? rows[r].line[at * s.channels + j] : s.padding[j];
      sum += x * weights[(k * groups + r / 4) * kPanel * 4 + r % 4];
    }
  }
  return sum;
}

void Finish(const DepthwiseInt8Args& s, size_t at, int32_t sum, const Channel& channel) {
  const MatmulQuant& q = *s.quant;
  const int32_t exact = sum - channel.sum * *q.a_zero;
  if (q.quantize) {
    const auto* addend = static_cast<const uint8_t*>(s.addend);
    static_cast<uint8_t*>(s.c)[at] = QuantizedScalar(q, exact, channel.scale, channel.bias,
                                                     addend == nullptr ? nullptr : addend + at);
    return;
  }
  float y = __builtin_fmaf(static_cast<float>(exact), channel.scale * *q.a_scale, channel.bias);
  if (s.addend != nullptr) y += static_cast<const float*>(s.addend)[at];
  y = s.lower > y ? s.lower : y;
  static_cast<float*>(s.c)[at] = s.upper < y ? s.upper : y;
}

}  // namespace

void depthwise_qu8_qs8_x1_scalar(const DepthwiseInt8Args& s) {
  for (size_t j = 0; j < s.channels; ++j) {
    const Channel channel = ChannelOf(s, j);
    for (size_t line = 0; line < s.lines; ++line) {
      const DepthwiseRow* rows = s.rows + line * s.kernel_rows;
      for (size_t i = 0; i < s.pixels; ++i)
        Finish(s, (line * s.pixels + i) * s.channels + j, Sum(s, rows, i, j, channel.weights),
               channel);
    }
  }
}

}  // namespace pare
