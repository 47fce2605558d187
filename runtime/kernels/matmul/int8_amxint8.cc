// Tiles of AMX: a register of 16 rows of 64 bytes. Sixteen cells of a panel are such a register as
// they lie in the file; of A, 64 bytes of sixteen rows. Each product takes 16 cycles, in which the
// loads of the next one are done.
#include <immintrin.h>

#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

#include "runtime/kernels/matmul/int8_avx512.inc"

// The body builds on these: keep the order.
#include "runtime/kernels/matmul/matmul_int8.inc"

constexpr size_t kTileRows = 16, kTileBytes = 64;
constexpr size_t kStepCells = kTileBytes / 4;  // of k that a product takes
constexpr size_t kSteps = 8;                   // whose rows are gathered before they multiply
constexpr size_t kPanels = 4, kCallRows = 64;

// Registers 0 to 3 are sums, one a panel. A and B have two shapes: a step, and the last of a tap.
struct Configuration {
  uint8_t palette = 1, start = 0, reserved[14] = {};
  uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {};
};

// Inline assembly: the compilers' intrinsics do not say that they read and write memory.
#define PARE_TILE_LOAD(tile, from, stride)                                                   \
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile ::"r"(static_cast<const void*>(from)), \
                   "r"(static_cast<int64_t>(stride))                                         \
                   : "memory")
#define PARE_TILE_STORE(tile, to)                                                        \
  __asm__ volatile("tilestored %%tmm" #tile ", (%0,%1,1)" ::"r"(static_cast<void*>(to)), \
                   "r"(int64_t{kPanels * kTileBytes})                                    \
                   : "memory")
#define PARE_TILE_DOT(sum, a, b) __asm__ volatile("tdpbusd %tmm" #b ", %tmm" #a ", %tmm" #sum)

void Configure(size_t rows, size_t last) {
  Configuration c;
  for (size_t i = 0; i < 6; ++i) c.rows[i] = static_cast<uint8_t>(rows);
  c.rows[6] = kStepCells;
  c.rows[7] = static_cast<uint8_t>(last);
  c.bytes[5] = static_cast<uint16_t>(last * 4);
  if (last == 0) c.rows[5] = 0, c.bytes[7] = 0;
  __asm__ volatile("ldtilecfg %0" ::"m"(c));
}

// Where a step's rows of A are.
struct Step {
  const uint8_t* a;
  int64_t stride;
};

// Whether the rows are the same distance from each other.
bool IsEven(const void* const* rows, size_t n, int64_t* stride) {
  const auto* address = reinterpret_cast<const int64_t*>(rows);
  *stride = n > 1 ? address[1] - address[0] : 0;
  int64_t differs = 0;
  for (size_t i = 1; i < n; ++i) differs |= address[i] - address[i - 1] - *stride;
  return differs == 0;
}

// The sums of up to 16 rows of all columns.
class RowsOfTile {
 public:
  RowsOfTile(const MatmulArgs& s, size_t first, size_t rows, size_t last, size_t panels)
      : s_(s),
        first_(first),
        rows_(rows),
        last_(last),
        panels_(panels),
        b_(static_cast<const int8_t*>(s.b) + kHeaderBytes) {}

  void Run() {
    const size_t cells = (s_.k + 3) / 4, steps = (cells + kStepCells - 1) / kStepCells;
    for (size_t t = 0; t < s_.taps; ++t) {
      const void* const* rows = s_.a + t * s_.rows + first_;
      int64_t stride;
      const bool even = IsEven(rows, rows_, &stride);
      for (size_t i = 0; i < steps; ++i) {
        const size_t bytes = i + 1 == steps && last_ != 0 ? last_ * 4 : kTileBytes;
        if (even)
          steps_[count_++] = {static_cast<const uint8_t*>(rows[0]) + i * kTileBytes, stride};
        else
          Gather(rows, i * kTileBytes, bytes);
        if (count_ == kSteps || (last_ != 0 && i + 1 == steps)) Multiply(bytes != kTileBytes);
      }
    }
    if (count_ != 0) Multiply(false);
  }

 private:
  void Gather(const void* const* rows, size_t at, size_t bytes) {
    uint8_t* to = gathered_[count_];
    steps_[count_++] = {to, kTileBytes};
    const __mmask64 mask = ~uint64_t{0} >> (64 - bytes);
    for (size_t i = 0; i < rows_; ++i, to += kTileBytes) {
      const auto* from = static_cast<const uint8_t*>(rows[i]) + at;
      _mm512_store_si512(to, _mm512_maskz_loadu_epi8(mask, from));
    }
  }

  // The steps so far; the last one may be short.
  void Multiply(bool is_short) {
    for (size_t i = 0; i + is_short < count_; ++i, b_ += kStepCells * kCellBytes) {
      PARE_TILE_LOAD(4, steps_[i].a, steps_[i].stride);
      PARE_TILE_LOAD(6, b_, kCellBytes);
      PARE_TILE_DOT(0, 4, 6);
      if (panels_ < 2) continue;
      PARE_TILE_LOAD(6, b_ + s_.panel_bytes, kCellBytes);
      PARE_TILE_DOT(1, 4, 6);
      if (panels_ < 3) continue;
      PARE_TILE_LOAD(6, b_ + 2 * s_.panel_bytes, kCellBytes);
      PARE_TILE_DOT(2, 4, 6);
      if (panels_ < 4) continue;
      PARE_TILE_LOAD(6, b_ + 3 * s_.panel_bytes, kCellBytes);
      PARE_TILE_DOT(3, 4, 6);
    }
    if (is_short) {
      PARE_TILE_LOAD(5, steps_[count_ - 1].a, steps_[count_ - 1].stride);
      PARE_TILE_LOAD(7, b_, kCellBytes);
      PARE_TILE_DOT(0, 5, 7);
      if (panels_ > 1) {
        PARE_TILE_LOAD(7, b_ + s_.panel_bytes, kCellBytes);
        PARE_TILE_DOT(1, 5, 7);
      }
      if (panels_ > 2) {
        PARE_TILE_LOAD(7, b_ + 2 * s_.panel_bytes, kCellBytes);
        PARE_TILE_DOT(2, 5, 7);
      }
      if (panels_ > 3) {
        PARE_TILE_LOAD(7, b_ + 3 * s_.panel_bytes, kCellBytes);
        PARE_TILE_DOT(3, 5, 7);
      }
      b_ += last_ * kCellBytes;
    }
    count_ = 0;
  }

  const MatmulArgs& s_;
  size_t first_, rows_, last_, panels_;
  const int8_t* b_;
  size_t count_ = 0;
  Step steps_[kSteps];
  alignas(64) uint8_t gathered_[kSteps][kTileRows * kTileBytes];
};

void RunTiles(const MatmulArgs& s) {
  const size_t panels = (s.n + kRows - 1) / kRows;
  const size_t tiles = (s.rows + kTileRows - 1) / kTileRows, rows = (s.rows + tiles - 1) / tiles;
  const size_t last = (s.k + 3) / 4 % kStepCells;
  Ints first[kPanels] = {}, sums[kCallRows * kPanels + kStored - 1];
  for (size_t v = 0; v < panels; ++v) first[v] = FirstSum(s, v);
  Configure(rows, last);
  for (size_t t = 0; t < tiles; ++t) {
    // The last tile starts early enough to be whole: it computes some rows again.
    const size_t from = t + 1 < tiles ? t * rows : s.rows - rows;
    Ints* out = sums + from * kPanels;
    PARE_TILE_LOAD(0, first, 0);
    PARE_TILE_LOAD(1, first + 1, 0);
    if (panels > 2) {
      PARE_TILE_LOAD(2, first + 2, 0);
      PARE_TILE_LOAD(3, first + 3, 0);
    }
    RowsOfTile(s, from, rows, last, panels).Run();
    PARE_TILE_STORE(0, out);
    PARE_TILE_STORE(1, out + 1);
    if (panels > 2) {
      PARE_TILE_STORE(2, out + 2);
      PARE_TILE_STORE(3, out + 3);
    }
  }
  __asm__ volatile("tilerelease");
  (s.quant->quantize ? FinishQuantized : FinishFloat)(s, sums, kPanels);
}

}  // namespace

void matmul_qu8_qs8t16_64x64_amxint8(const MatmulArgs& args) { RunTiles(args); }

}  // namespace pare
