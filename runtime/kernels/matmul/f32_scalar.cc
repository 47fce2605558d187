// The truth that every other kernel is tested against: loops that follow the contract.
#include "runtime/core/dtype.h"
#include "runtime/kernels/matmul/matmul.h"

namespace pare {
namespace {

constexpr size_t kCell = 16;

float Element(const float* panel, size_t k, size_t row) { return panel[k * kCell + row]; }

// 16-bit panels hold two k a lane.
size_t HalfIndex(size_t k, size_t row) { return (k / 2 * kCell + row) * 2 + k % 2; }
struct Half {
  static float At(const uint16_t* panel, size_t k, size_t row) {
    return HalfToFloat(panel[HalfIndex(k, row)]);
  }
};
struct Brain {
  static float At(const uint16_t* panel, size_t k, size_t row) {
    return Bfloat16ToFloat(panel[HalfIndex(k, row)]);
  }
};

void Finish(const MatmulArgs& s, size_t i, size_t j, float sum) {
  float y = s.alpha * sum;
  if (s.bias != nullptr) y += s.bias[j];
  if (s.addend != nullptr) y += static_cast<const float*>(s.addend)[i * s.addend_stride + j];
  if (y < s.lower) y = s.lower;
  if (y > s.upper) y = s.upper;
  static_cast<float*>(s.c)[i * s.c_stride + j] = y;
}

void Tile(const MatmulArgs& s) {
  float sum[4][kCell] = {};
  for (size_t t = 0; t < s.taps; ++t) {
    const size_t first = s.tap_k == nullptr ? t * s.k : s.tap_k[t];
    const float* b = static_cast<const float*>(s.b) + first * kCell;
    for (size_t k = 0; k < s.k; ++k) {
      for (size_t i = 0; i < s.rows; ++i) {
        const float x = static_cast<const float*>(s.a[t * s.rows + i])[k];
        for (size_t j = 0; j < kCell; ++j) sum[i][j] += x * Element(b, k, j);
      }
    }
  }
  for (size_t i = 0; i < s.rows; ++i) {
    for (size_t j = 0; j < s.n; ++j) Finish(s, i, j, sum[i][j]);
  }
}

template <class Type>
void Row(const MatmulArgs& s) {
  for (size_t j = 0; j < s.n; ++j) {
    float sum = 0;
    for (size_t k = 0; k < s.k; ++k)
      sum +=
          static_cast<const float*>(s.a[0])[k] * Type::At(static_cast<const uint16_t*>(s.b), k, j);
    Finish(s, 0, j, sum);
  }
}

template <class Type>
void Unpack(const void* panel, size_t k, void* dst) {
  for (size_t i = 0; i < k; ++i) {
    for (size_t row = 0; row < kCell; ++row)
      static_cast<float*>(dst)[i * kCell + row] =
          Type::At(static_cast<const uint16_t*>(panel), i, row);
  }
}

}  // namespace

void matmul_f32_f32_f32t16_4x16_scalar(const MatmulArgs& args) { Tile(args); }
void matmul_f32_f32_f32t16_1x16_scalar(const MatmulArgs& args) { Tile(args); }
void matmul_f32_f32_f16t16_1x16_scalar(const MatmulArgs& args) { Row<Half>(args); }
void matmul_f32_f32_bf16t16_1x16_scalar(const MatmulArgs& args) { Row<Brain>(args); }
void unpack_f32_f16t16_scalar(const void* panel, size_t k, size_t, void* dst) {
  Unpack<Half>(panel, k, dst);
}
void unpack_f32_bf16t16_scalar(const void* panel, size_t k, size_t, void* dst) {
  Unpack<Brain>(panel, k, dst);
}

}  // namespace pare
