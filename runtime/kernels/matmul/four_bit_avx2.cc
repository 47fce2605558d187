#include <immintrin.h>

#include "runtime/kernels/matmul/matmul.h"
#include "runtime/layout/nf4.h"

namespace pare {
namespace {

constexpr size_t kTileSteps = 2;

#include "runtime/kernels/matmul/int8_avx.inc"
// These build on each other: keep the order.
#include "runtime/kernels/matmul/four_bit_avx.inc"

inline Bytes LevelCodes(Bytes nibbles) { return Shuffle(Sixteen(kNf4Codes), nibbles); }

// vpmaddubsw saturates at 2^15, which the sum of 16 products of a nibble does not reach: those of
// kChunk k.
struct Nibbles {
  using Four = __m256i;
  using Sum = __m256i;
  static Four Broadcast(const int8_t* p) {
    int32_t x;
    __builtin_memcpy(&x, p, sizeof x);
    return _mm256_set1_epi32(x);
  }
  static Sum Begin(Ints) { return _mm256_setzero_si256(); }
  static void Add(Sum* sum, Four x, Bytes w) {
    *sum = _mm256_add_epi16(*sum, _mm256_maddubs_epi16((__m256i)w, x));
  }
  static Ints End(Ints sum, Sum part) {
    return sum + (Ints)_mm256_madd_epi16(part, _mm256_set1_epi16(1));
  }
};
struct PackedNibbles : Nibbles {
  static void Add(Sum* sum, Four low, Four high, Bytes cell) {
    Nibbles::Add(sum, low, Low(cell));
    Nibbles::Add(sum, high, High(cell));
  }
};

// Codes have 7 bits and a sign, which moves to the weight: two products fit into 16 bits.
struct Codes {
  struct Four {
    __m256i x, magnitude;
  };
  using Sum = Ints;
  static Four Broadcast(const int8_t* p) {
    const __m256i x = Nibbles::Broadcast(p);
    return {x, _mm256_abs_epi8(x)};
  }
  static Sum Begin(Ints sum) { return sum; }
  static void Add(Sum* sum, const Four& x, Bytes w) {
    const __m256i pairs = _mm256_maddubs_epi16(x.magnitude, _mm256_sign_epi8((__m256i)w, x.x));
    *sum += (Ints)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  }
  static Ints End(Ints, Sum sum) { return sum; }
};
struct PackedCodes : Codes {
  static void Add(Sum* sum, const Four& low, const Four& high, Bytes cell) {
    Codes::Add(sum, low, LevelCodes(Low(cell)));
    Codes::Add(sum, high, LevelCodes(High(cell)));
  }
};

inline Vec Levels(Lanes index) {
  const Vec low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(kNf4Levels), (__m256i)index);
  const Vec high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(kNf4Levels + 8), (__m256i)index);
  return _mm256_blendv_ps(low, high, (__m256)(index << 28));
}

#include "runtime/kernels/matmul/matmul_4bit.inc"
#include "runtime/kernels/matmul/unpack_low.inc"

}  // namespace

PARE_4BIT_KERNELS(4, 16, 1, 32, 2, avx2)
PARE_UNPACK_KERNELS(avx2)

}  // namespace pare
