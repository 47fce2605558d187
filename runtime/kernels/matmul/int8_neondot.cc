#include <arm_neon.h>

#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

#include "runtime/kernels/matmul/int8_vdot_neon.inc"

// A step of 16 k: cell `lane` times the rows' bytes 4 `lane` to 4 `lane` + 3.
template <int lane, size_t rows>
inline __attribute__((always_inline)) void AddCell(const int8_t* b, const int8x16_t* x,
                                                   int32x4_t (*sum)[kVecs]) {
#pragma GCC unroll 4
  for (size_t v = 0; v < kVecs; ++v) {
    const Cell w = LoadCell(b + lane * kCellBytes + v * sizeof(Cell));
#pragma GCC unroll 8
    for (size_t i = 0; i < rows; ++i) sum[i][v] = vdotq_laneq_s32(sum[i][v], w, x[i], lane);
  }
}

// Rows are read 16 bytes at a time: small cores pay for every value that is spread to all lanes.
// Rows behind s.rows are the last one again.
template <size_t rows>
void LaneTile(const MatmulArgs& s) {
  int32x4_t sum[rows][kVecs];
#pragma GCC unroll 4
  for (size_t v = 0; v < kVecs; ++v) {
    const Ints first = FirstSum(s, v);
#pragma GCC unroll 8
    for (size_t i = 0; i < rows; ++i) sum[i][v] = (int32x4_t)first;
  }
  const size_t cells = (s.k + 3) / 4;
  const int8_t* b = static_cast<const int8_t*>(s.b) + kHeaderBytes;
  const void* const* pointers = s.a;
  for (size_t t = 0; t < s.taps; ++t, pointers += s.rows) {
    const uint8_t* a[rows];
#pragma GCC unroll 8
    for (size_t i = 0; i < rows; ++i)
      a[i] = static_cast<const uint8_t*>(pointers[i < s.rows ? i : s.rows - 1]);
    size_t c = 0;
    for (; c + 4 <= cells; c += 4, b += 4 * kCellBytes) {
      int8x16_t x[rows];
#pragma GCC unroll 8
      for (size_t i = 0; i < rows; ++i)
        x[i] = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(a[i] + 4 * c), vdupq_n_u8(0x80)));
      AddCell<0, rows>(b, x, sum);
      AddCell<1, rows>(b, x, sum);
      AddCell<2, rows>(b, x, sum);
      AddCell<3, rows>(b, x, sum);
    }
    for (; c < cells; ++c, b += kCellBytes) {
      Four x[rows];
#pragma GCC unroll 8
      for (size_t i = 0; i < rows; ++i) x[i] = Broadcast(a[i] + 4 * c);
      AddCell<0, rows>(b, x, sum);
    }
  }
  Ints copy[rows * kVecs];
#pragma GCC unroll 8
  for (size_t i = 0; i < rows; ++i) {
#pragma GCC unroll 4
    for (size_t v = 0; v < kVecs; ++v) copy[i * kVecs + v] = (Ints)sum[i][v];
  }
  (s.quant->quantize ? FinishQuantized : FinishFloat)(s, copy, kVecs);
}

}  // namespace

void matmul_qu8_qs8t16_6x16_neondot(const MatmulArgs& args) {
  (args.rows > 4 ? LaneTile<6> : LaneTile<4>)(args);
}
void matmul_qu8_qs8t16_1x32_neondot(const MatmulArgs& args) { Run<1, 1, 2, 1>(args); }

}  // namespace pare
