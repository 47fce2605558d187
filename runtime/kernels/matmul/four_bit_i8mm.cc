#include <arm_neon.h>

#include "runtime/kernels/matmul/matmul.h"
#include "runtime/layout/nf4.h"

namespace pare {
namespace {

constexpr size_t kTileSteps = 2;

// The bodies build on each other: keep the order.
#include "runtime/kernels/matmul/int8_neon.inc"

inline Ints Dot(Ints sum, int8x16_t x, int8x16_t w) {
  return (Ints)vdotq_s32((int32x4_t)sum, w, x);
}

#include "runtime/kernels/matmul/four_bit_neon.inc"
#include "runtime/kernels/matmul/matmul_4bit.inc"
#include "runtime/kernels/matmul/pairs_i8mm.inc"

// Two k of cells, low and high nibbles, already paired as the products want them.
template <class Weights>
void UnpackPairs(const void* packed, size_t k, size_t group, bool minima, void* dst) {
  const Weights weights(k, group, minima);
  const auto* panel = static_cast<const char*>(packed);
  auto* out = static_cast<char*>(dst);
  for (size_t g = 0; g < k / group; ++g) {
    for (size_t v = 0; v < kVecs; ++v, out += sizeof(Vec))
      StoreFloats(out, weights.Scale(panel, g, v));
    for (size_t v = 0; minima && v < kVecs; ++v, out += sizeof(Vec))
      StoreFloats(out, weights.Minimum(panel, g, v));
    const char* cells = panel + weights.Cells(g);
    for (size_t i = 0; i < group / 8 * kVecs; ++i, cells += sizeof(Bytes)) {
      const Bytes cell = LoadBytes(cells);
      Bytes low = Low(cell), high = High(cell);
      if constexpr (Weights::kIsNf4) {
        low = LevelCodes(low);
        high = LevelCodes(high);
      }
      const CellPair pair((int8x16_t)low, (int8x16_t)high);
      StoreBytes(out, (Bytes)pair.first);
      StoreBytes(out + sizeof(Bytes), (Bytes)pair.second);
      out += 2 * sizeof(Bytes);
    }
  }
}

// [x0, x1, x0, x1]
inline Vec LoadTwice(const char* p) {
  uint64_t x;
  __builtin_memcpy(&x, p, sizeof x);
  return (Vec)vdupq_n_u64(x);
}
// [x0, x0, x1, x1]
inline Ints EachTwice(int32_t first, int32_t second) { return Ints{first, first, second, second}; }

// Half a panel of `pairs` pairs of rows: sums and results then stay in registers. Columns of y are
// in pairs.
template <size_t pairs, bool minima>
void HalfTile(const MatmulArgs& s, size_t half, Vec (*y)[kColumnPairs]) {
  constexpr size_t kHalf = kColumnPairs / 2, kScaleBytes = kRows * sizeof(float);
  const size_t group = s.quant->group, groups = s.k / group;
  const int8_t* a[2 * pairs];
  const int32_t* terms[2 * pairs];
#pragma GCC unroll 8
  for (size_t i = 0; i < 2 * pairs; ++i) {
    const size_t row = i < s.rows ? i : s.rows - 1;
    a[i] = static_cast<const int8_t*>(s.a[row]);
    terms[i] = s.quant->a_terms + (s.first_row + row) * groups;
  }
  Vec sums[pairs][kHalf];
#pragma GCC unroll 4
  for (size_t p = 0; p < pairs; ++p) {
#pragma GCC unroll 4
    for (size_t j = 0; j < kHalf; ++j) sums[p][j] = Vec{};
  }
  const char* b = static_cast<const char*>(s.b);
  size_t k = 0;
  for (size_t g = 0; g < groups; ++g) {
    const char* scales = b + half * kScaleBytes / 2;
    b += minima ? 2 * kScaleBytes : kScaleBytes;
    int32x4_t sum[pairs][kHalf];
    Ints term[pairs];
#pragma GCC unroll 4
    for (size_t p = 0; p < pairs; ++p) {
      term[p] = EachTwice(terms[2 * p][g], terms[2 * p + 1][g]);
#pragma GCC unroll 4
      for (size_t j = 0; j < kHalf; ++j) sum[p][j] = minima ? int32x4_t{} : (int32x4_t)term[p];
    }
    for (const size_t end = k + group; k < end; k += 8, b += 2 * kCellBytes) {
      int8x16_t x[pairs];
#pragma GCC unroll 4
      for (size_t p = 0; p < pairs; ++p)
        x[p] = vcombine_s8(vld1_s8(a[2 * p] + k), vld1_s8(a[2 * p + 1] + k));
#pragma GCC unroll 4
      for (size_t j = 0; j < kHalf; ++j) {
        const auto w = (int8x16_t)LoadBytes(b + (half * kHalf + j) * sizeof(Bytes));
#pragma GCC unroll 4
        for (size_t p = 0; p < pairs; ++p) sum[p][j] = vmmlaq_s32(sum[p][j], x[p], w);
      }
    }
#pragma GCC unroll 4
    for (size_t j = 0; j < kHalf; ++j) {
      const Vec scale = LoadTwice(scales + j * 2 * sizeof(float));
#pragma GCC unroll 4
      for (size_t p = 0; p < pairs; ++p) {
        sums[p][j] = Fma(ToFloats((Ints)sum[p][j]), scale, sums[p][j]);
        if (minima) {
          const Vec minimum = LoadTwice(scales + kScaleBytes + j * 2 * sizeof(float));
          sums[p][j] = Fma(ToFloats(term[p]), minimum, sums[p][j]);
        }
      }
    }
  }
#pragma GCC unroll 4
  for (size_t p = 0; p < pairs; ++p) {
#pragma GCC unroll 4
    for (size_t j = 0; j < kHalf; ++j) y[p][half * kHalf + j] = sums[p][j];
  }
}

template <size_t pairs, bool minima>
void PairTile(const MatmulArgs& s) {
  Vec y[pairs][kColumnPairs], rows[2 * pairs * kVecs];
  for (size_t half = 0; half < 2; ++half) HalfTile<pairs, minima>(s, half, y);
  for (size_t p = 0; p < pairs; ++p) {
    for (size_t v = 0; v < kVecs; ++v)
      RowsOfPair(y[p][2 * v], y[p][2 * v + 1], &rows[2 * p * kVecs + v],
                 &rows[(2 * p + 1) * kVecs + v]);
  }
  FinishRows(s, rows, kVecs);
}

template <bool minima>
void RunPairs(const MatmulArgs& s) {
  if (s.rows > 4) return PairTile<3, minima>(s);
  if (s.rows > 2) return PairTile<2, minima>(s);
  PairTile<1, minima>(s);
}

}  // namespace

void matmul_f32_qd8_qs4t16_6x16_i8mm(const MatmulArgs& args) { RunPairs<false>(args); }
void matmul_f32_qd8_qu4t16_6x16_i8mm(const MatmulArgs& args) { RunPairs<true>(args); }
void matmul_f32_qd8_nf4t16_6x16_i8mm(const MatmulArgs& args) { RunPairs<false>(args); }

void unpack_qs8_qs4t16_i8mm(const void* panel, size_t k, size_t group, void* dst) {
  UnpackPairs<Int4>(panel, k, group, false, dst);
}
void unpack_qs8_qu4t16_i8mm(const void* panel, size_t k, size_t group, void* dst) {
  UnpackPairs<Int4>(panel, k, group, true, dst);
}
void unpack_qs8_nf4t16_i8mm(const void* panel, size_t k, size_t group, void* dst) {
  UnpackPairs<Nf4>(panel, k, group, false, dst);
}

}  // namespace pare
