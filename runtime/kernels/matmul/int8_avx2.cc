#include <immintrin.h>

#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

#include "runtime/kernels/matmul/int8_avx.inc"

// vpmaddubsw saturates, so products are of 16 bits: those of even bytes and those of odd ones.
struct Four {
  __m256i even, odd;
};
using Cell = Four;

inline Four Broadcast(const uint8_t* p) {
  int32_t x;
  __builtin_memcpy(&x, p, sizeof x);
  const __m256i bytes = _mm256_set1_epi32(x);
  return {_mm256_and_si256(bytes, _mm256_set1_epi16(0xff)), _mm256_srli_epi16(bytes, 8)};
}
inline Cell LoadCell(const int8_t* p) {
  const __m256i bytes = _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
  return {_mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8), _mm256_srai_epi16(bytes, 8)};
}
inline Ints Dot(Ints sum, const Four& a, const Cell& w) {
  sum += (Ints)_mm256_madd_epi16(a.even, w.even);
  return sum + (Ints)_mm256_madd_epi16(a.odd, w.odd);
}

// The body builds on these: keep the order.
#include "runtime/kernels/matmul/matmul_int8.inc"

// Many rows: a and b become words before they are multiplied, `kSegment` cells at a time, so that
// the tiles only multiply. Words of even bytes and of odd ones are apart, as in Four.
constexpr size_t kTileRows = 4, kCallRows = 32, kSegment = 48, kPanels = 4;

struct Words {
  alignas(32) int32_t even[kCallRows][kSegment], odd[kCallRows][kSegment];
};

// `count` cells of a row.
void WidenRow(const uint8_t* from, size_t count, int32_t* even, int32_t* odd) {
  const __m256i low = _mm256_set1_epi16(0xff);
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + 4 * i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(even + i), _mm256_and_si256(bytes, low));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(odd + i), _mm256_srli_epi16(bytes, 8));
  }
  for (; i < count; ++i) {
    int32_t bytes;
    __builtin_memcpy(&bytes, from + 4 * i, sizeof bytes);
    even[i] = bytes & 0xff00ff;
    odd[i] = bytes >> 8 & 0xff00ff;
  }
}

// Adds the products of a segment: of kTileRows rows and a panel.
void AddSegment(const Words& a, size_t row, const Cell* b, size_t count, Ints* sums, size_t vecs) {
  Ints sum[kTileRows][kVecs];
#pragma GCC unroll 8
  for (size_t i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 2
    for (size_t v = 0; v < kVecs; ++v) sum[i][v] = sums[i * vecs + v];
  }
  for (size_t c = 0; c < count; ++c, b += kVecs) {
#pragma GCC unroll 8
    for (size_t i = 0; i < kTileRows; ++i) {
      const Four x{_mm256_set1_epi32(a.even[row + i][c]), _mm256_set1_epi32(a.odd[row + i][c])};
#pragma GCC unroll 2
      for (size_t v = 0; v < kVecs; ++v) sum[i][v] = Dot(sum[i][v], x, b[v]);
    }
  }
#pragma GCC unroll 8
  for (size_t i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 2
    for (size_t v = 0; v < kVecs; ++v) sums[i * vecs + v] = sum[i][v];
  }
}

// The products of `count` cells from cell `first` of the panels on.
void MultiplySegment(const MatmulArgs& s, const Words& a, size_t first, size_t count, Ints* sums) {
  const auto* from = static_cast<const int8_t*>(s.b) + kHeaderBytes + first * kCellBytes;
  Cell b[kSegment * kVecs];
  for (size_t p = 0; p * kRows < s.n; ++p, from += s.panel_bytes) {
    for (size_t i = 0; i < count * kVecs; ++i) b[i] = LoadCell(from + i * kLanes * 4);
    for (size_t row = 0; row < s.rows; row += kTileRows)
      AddSegment(a, row, b, count, sums + row * kPanels * kVecs + p * kVecs, kPanels * kVecs);
  }
}

void RunRows(const MatmulArgs& s) {
  constexpr size_t vecs = kPanels * kVecs;
  Ints sums[kCallRows * vecs];
  const size_t rows = (s.rows + kTileRows - 1) / kTileRows * kTileRows;
  for (size_t v = 0; v * kLanes < s.n; ++v) {
    const Ints start = FirstSum(s, v);
    for (size_t i = 0; i < rows; ++i) sums[i * vecs + v] = start;
  }
  Words a;
  size_t done = 0, have = 0;  // cells that are multiplied, and those after them that are words
  const size_t cells = (s.k + 3) / 4;
  for (size_t t = 0; t < s.taps; ++t) {
    for (size_t c = 0; c < cells;) {
      const size_t count = cells - c < kSegment - have ? cells - c : kSegment - have;
      for (size_t i = 0; i < rows; ++i) {
        const void* row = s.a[t * s.rows + (i < s.rows ? i : s.rows - 1)];
        WidenRow(static_cast<const uint8_t*>(row) + 4 * c, count, &a.even[i][have],
                 &a.odd[i][have]);
      }
      c += count;
      have += count;
      if (have < kSegment && (c < cells || t + 1 < s.taps)) continue;
      MultiplySegment(s, a, done, have, sums);
      done += have;
      have = 0;
    }
  }
  (s.quant->quantize ? FinishQuantized : FinishFloat)(s, sums, vecs);
}

}  // namespace

void matmul_qu8_qs8t16_32x64_avx2(const MatmulArgs& args) { RunRows(args); }
void matmul_qu8_qs8t16_1x32_avx2(const MatmulArgs& args) { Run<1, 1, 2, 1>(args); }

}  // namespace pare
