#include <arm_neon.h>

#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

#include "runtime/kernels/matmul/int8_vdot_neon.inc"
// It builds on that: keep the order.
#include "runtime/kernels/matmul/pairs_i8mm.inc"

inline int8x16_t Signed(uint8x8_t first, uint8x8_t second) {
  return vreinterpretq_s8_u8(veorq_u8(vcombine_u8(first, second), vdupq_n_u8(0x80)));
}
inline uint8x8_t LoadFour(const uint8_t* p) {
  uint32_t x;
  __builtin_memcpy(&x, p, sizeof x);
  return vcreate_u8(x);
}

// Two rows of a, two columns and 8 k an instruction: two cells, column by column.
template <size_t pairs>
void PairTile(const MatmulArgs& s) {
  int32x4_t sum[pairs][kColumnPairs];
#pragma GCC unroll 4
  for (size_t p = 0; p < pairs; ++p) {
#pragma GCC unroll 8
    for (size_t j = 0; j < kColumnPairs; ++j) sum[p][j] = vdupq_n_s32(0);
  }
  const size_t cells = (s.k + 3) / 4;
  const int8_t* b = static_cast<const int8_t*>(s.b) + kHeaderBytes;
  const void* const* pointers = s.a;
  const auto add = [&](const int8x16_t* a, const int8_t* low, const int8_t* high) {
#pragma GCC unroll 4
    for (size_t v = 0; v < kVecs; ++v) {
      const int8x16_t x = vld1q_s8(low + 16 * v);
      const int8x16_t y = high == nullptr ? vdupq_n_s8(0) : vld1q_s8(high + 16 * v);
      const CellPair w(x, y);
#pragma GCC unroll 4
      for (size_t p = 0; p < pairs; ++p) {
        sum[p][2 * v] = vmmlaq_s32(sum[p][2 * v], a[p], w.first);
        sum[p][2 * v + 1] = vmmlaq_s32(sum[p][2 * v + 1], a[p], w.second);
      }
    }
  };
  for (size_t t = 0; t < s.taps; ++t, pointers += s.rows) {
    const uint8_t* a[2 * pairs];
#pragma GCC unroll 8
    for (size_t i = 0; i < 2 * pairs; ++i)
      a[i] = static_cast<const uint8_t*>(pointers[i < s.rows ? i : s.rows - 1]);
    int8x16_t x[pairs];
    size_t c = 0;
    for (; c + 2 <= cells; c += 2, b += 2 * kCellBytes) {
#pragma GCC unroll 4
      for (size_t p = 0; p < pairs; ++p)
        x[p] = Signed(vld1_u8(a[2 * p] + 4 * c), vld1_u8(a[2 * p + 1] + 4 * c));
      add(x, b, b + kCellBytes);
    }
    if (c == cells) continue;
#pragma GCC unroll 4
    for (size_t p = 0; p < pairs; ++p)
      x[p] = Signed(LoadFour(a[2 * p] + 4 * c), LoadFour(a[2 * p + 1] + 4 * c));
    add(x, b, nullptr);
    b += kCellBytes;
  }
  Ints rows[2 * pairs * kVecs];
#pragma GCC unroll 4
  for (size_t p = 0; p < pairs; ++p) {
#pragma GCC unroll 4
    for (size_t v = 0; v < kVecs; ++v) {
      Ints &first = rows[2 * p * kVecs + v], &second = rows[(2 * p + 1) * kVecs + v];
      RowsOfPair((Ints)sum[p][2 * v], (Ints)sum[p][2 * v + 1], &first, &second);
      first += FirstSum(s, v);
      second += FirstSum(s, v);
    }
  }
  (s.quant->quantize ? FinishQuantized : FinishFloat)(s, rows, kVecs);
}

}  // namespace

void matmul_qu8_qs8t16_6x16_i8mm(const MatmulArgs& args) {
  if (args.rows > 4) return PairTile<3>(args);
  if (args.rows > 2) return PairTile<2>(args);
  PairTile<1>(args);
}

}  // namespace pare
