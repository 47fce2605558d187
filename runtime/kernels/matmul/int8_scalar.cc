// The truth that every other kernel is tested against: loops that follow the contract.
#include "runtime/kernels/matmul/matmul.h"
#include "runtime/kernels/matmul/quantized_scalar.h"

namespace pare {
namespace {

constexpr size_t kRows = 16;
constexpr size_t kCellBytes = kRows * 4;

struct Column {
  float scale, bias;
  int32_t sum;  // of the weights
};

void Finish(const MatmulArgs& s, size_t i, size_t j, int32_t sum, const Column& column) {
  const MatmulQuant& q = *s.quant;
  const size_t row = (s.first_row + i) * q.a_step;
  const size_t at = i * s.c_stride + j, from = i * s.addend_stride + j;
  const int32_t exact = sum - column.sum * q.a_zero[row];
  if (q.quantize) {
    const auto* addend = static_cast<const uint8_t*>(s.addend);
    static_cast<uint8_t*>(s.c)[at] = QuantizedScalar(q, exact, column.scale, column.bias,
                                                     addend == nullptr ? nullptr : addend + from);
    return;
  }
  float y = __builtin_fmaf(static_cast<float>(exact), column.scale * (q.a_scale[row] * s.alpha),
                           column.bias);
  if (s.addend != nullptr) y += static_cast<const float*>(s.addend)[from];
  if (y < s.lower) y = s.lower;
  static_cast<float*>(s.c)[at] = y > s.upper ? s.upper : y;
}

int32_t Sum(const MatmulArgs& s, size_t i, const int8_t* lane) {
  int32_t sum = 0;
  for (size_t t = 0; t < s.taps; ++t) {
    const auto* a = static_cast<const uint8_t*>(s.a[t * s.rows + i]);
    for (size_t k = 0; k < s.k; ++k) sum += a[k] * lane[k / 4 * kCellBytes + k % 4];
    lane += (s.k + 3) / 4 * kCellBytes;
  }
  return sum;
}

void Run(const MatmulArgs& s) {
  const auto* scales = static_cast<const float*>(s.b);
  const auto* sums = static_cast<const int32_t*>(s.b) + kRows;
  const auto* cells = static_cast<const int8_t*>(s.b) + kRows * 8;
  for (size_t j = 0; j < s.n; ++j) {
    const Column column{scales[j], s.bias == nullptr ? 0 : s.bias[j], sums[j]};
    for (size_t i = 0; i < s.rows; ++i) Finish(s, i, j, Sum(s, i, cells + 4 * j), column);
  }
}

}  // namespace

void matmul_qu8_qs8t16_4x16_scalar(const MatmulArgs& args) { Run(args); }
void matmul_qu8_qs8t16_1x16_scalar(const MatmulArgs& args) { Run(args); }

}  // namespace pare
