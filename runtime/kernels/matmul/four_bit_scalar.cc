// 4-bit weights: the truth that every other kernel is tested against, loops that follow the
// contract.
#include "runtime/core/dtype.h"
#include "runtime/kernels/matmul/matmul.h"
#include "runtime/layout/nf4.h"

namespace pare {
namespace {

constexpr size_t kRows = 16;
constexpr size_t kCellBytes = kRows * 4;
constexpr size_t kPlane = 64;
constexpr size_t kBlockGroups = 16;  // of NF4

size_t Planes(size_t bytes) { return (bytes + kPlane - 1) / kPlane * kPlane; }

template <class T>
T Read(const std::byte* p) {
  T x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}

int NibbleAt(const std::byte* cells, size_t i, size_t row) {
  const auto byte = static_cast<int>(cells[i / 8 * kCellBytes + row * 4 + i % 4]);
  return byte >> (i % 8 < 4 ? 0 : 4) & 15;
}

// A panel of 16 rows: the scale and minimum of a group, and of each element the integer that the
// scale multiplies and the value.
template <bool minima>
class Int4 {
 public:
  static constexpr bool kMinima = minima;
  Int4(const void* panel, size_t, size_t group)
      : panel_(static_cast<const std::byte*>(panel)), group_(group) {}
  float Scale(size_t g, size_t row) const {
    return HalfToFloat(Read<uint16_t>(Superblock(g) + (g % 2 * kRows + row) * sizeof(uint16_t)));
  }
  float Minimum(size_t g, size_t row) const {
    return HalfToFloat(
        Read<uint16_t>(Superblock(g) + kPlane + (g % 2 * kRows + row) * sizeof(uint16_t)));
  }
  int Integer(size_t k, size_t row) const {
    const size_t g = k / group_;
    return NibbleAt(Superblock(g) + kHeader, k - g / 2 * 2 * group_, row) - (minima ? 0 : 8);
  }
  float Value(size_t k, size_t row) const {
    const size_t g = k / group_;
    const float x = Scale(g, row) * static_cast<float>(Integer(k, row));
    return minima ? x + Minimum(g, row) : x;
  }

 private:
  static constexpr size_t kHeader = minima ? 2 * kPlane : kPlane;
  const std::byte* Superblock(size_t g) const {
    return panel_ + g / 2 * (kHeader + group_ / 4 * kCellBytes);
  }
  const std::byte* panel_;
  size_t group_;
};

class Nf4 {
 public:
  static constexpr bool kMinima = false;
  Nf4(const void* panel, size_t k, size_t group)
      : panel_(static_cast<const std::byte*>(panel)),
        group_(group),
        blocks_(panel_ + Planes(k / group * kRows)),
        cells_(blocks_ +
               Planes((k / group + kBlockGroups - 1) / kBlockGroups * 2 * sizeof(float))) {}
  float Scale(size_t g, size_t row) const {
    const std::byte* block = blocks_ + g / kBlockGroups * 2 * sizeof(float);
    return __builtin_fmaf(static_cast<float>(panel_[g * kRows + row]), Read<float>(block),
                          Read<float>(block + sizeof(float)));
  }
  float Minimum(size_t, size_t) const { return 0; }
  int Integer(size_t k, size_t row) const { return kNf4Codes[NibbleAt(cells_, k, row)]; }
  float Value(size_t k, size_t row) const {
    return Scale(k / group_, row) * kNf4Levels[NibbleAt(cells_, k, row)];
  }

 private:
  const std::byte* panel_;
  size_t group_;
  const std::byte *blocks_, *cells_;
};

// What Unpack writes of any of them.
template <bool minima>
class Unpacked {
 public:
  static constexpr bool kMinima = minima;
  Unpacked(const void* panel, size_t, size_t group)
      : panel_(static_cast<const std::byte*>(panel)), group_(group) {}
  float Scale(size_t g, size_t row) const { return Read<float>(Group(g) + row * sizeof(float)); }
  float Minimum(size_t g, size_t row) const {
    return Read<float>(Group(g) + (kRows + row) * sizeof(float));
  }
  int Integer(size_t k, size_t row) const {
    const std::byte* cells = Group(k / group_) + kHeader;
    return static_cast<int8_t>(cells[k % group_ / 4 * kCellBytes + row * 4 + k % 4]);
  }

 private:
  static constexpr size_t kHeader = (minima ? 2 : 1) * kRows * sizeof(float);
  const std::byte* Group(size_t g) const { return panel_ + g * (kHeader + group_ * kRows); }
  const std::byte* panel_;
  size_t group_;
};

template <class Weights>
void Run(const MatmulArgs& s) {
  const MatmulQuant& q = *s.quant;
  const Weights w(s.b, s.k, q.group);
  for (size_t i = 0; i < s.rows; ++i) {
    const auto* a = static_cast<const int8_t*>(s.a[i]);
    const int32_t* terms = q.a_terms + (s.first_row + i) * (s.k / q.group);
    for (size_t j = 0; j < s.n; ++j) {
      float sum = 0;
      for (size_t g = 0; g < s.k / q.group; ++g) {
        int32_t dot = 0;
        for (size_t k = g * q.group; k < (g + 1) * q.group; ++k) dot += a[k] * w.Integer(k, j);
        sum = __builtin_fmaf(static_cast<float>(dot), w.Scale(g, j), sum);
        if (Weights::kMinima)
          sum = __builtin_fmaf(static_cast<float>(terms[g]), w.Minimum(g, j), sum);
      }
      float y = __builtin_fmaf(sum, q.a_scale[s.first_row + i] * s.alpha,
                               s.bias == nullptr ? 0 : s.bias[j]);
      if (s.addend != nullptr) y += static_cast<const float*>(s.addend)[i * s.addend_stride + j];
      if (y < s.lower) y = s.lower;
      if (y > s.upper) y = s.upper;
      static_cast<float*>(s.c)[i * s.c_stride + j] = y;
    }
  }
}

template <class Weights>
void Unpack(const void* panel, size_t k, size_t group, void* dst) {
  const Weights w(panel, k, group);
  auto* scales = static_cast<float*>(dst);
  for (size_t g = 0; g < k / group; ++g) {
    for (size_t j = 0; j < kRows; ++j) *scales++ = w.Scale(g, j);
    for (size_t j = 0; Weights::kMinima && j < kRows; ++j) *scales++ = w.Minimum(g, j);
    auto* cells = reinterpret_cast<int8_t*>(scales);
    for (size_t i = 0; i < group; ++i) {
      for (size_t j = 0; j < kRows; ++j)
        cells[i / 4 * kCellBytes + j * 4 + i % 4] =
            static_cast<int8_t>(w.Integer(g * group + i, j));
    }
    scales += group * kRows / sizeof(float);
  }
}

template <class Weights>
void UnpackFloats(const void* panel, size_t k, size_t group, void* dst) {
  const Weights w(panel, k, group);
  for (size_t i = 0; i < k; ++i) {
    for (size_t j = 0; j < kRows; ++j) static_cast<float*>(dst)[i * kRows + j] = w.Value(i, j);
  }
}

}  // namespace

void matmul_f32_qd8_qs4t16_4x16_scalar(const MatmulArgs& args) { Run<Unpacked<false>>(args); }
void matmul_f32_qd8_qu4t16_4x16_scalar(const MatmulArgs& args) { Run<Unpacked<true>>(args); }
void matmul_f32_qd8_nf4t16_4x16_scalar(const MatmulArgs& args) { Run<Unpacked<false>>(args); }
void matmul_f32_qd8_qs4t16_1x16_scalar(const MatmulArgs& args) { Run<Int4<false>>(args); }
void matmul_f32_qd8_qu4t16_1x16_scalar(const MatmulArgs& args) { Run<Int4<true>>(args); }
void matmul_f32_qd8_nf4t16_1x16_scalar(const MatmulArgs& args) { Run<Nf4>(args); }

void unpack_qs8_qs4t16_scalar(const void* panel, size_t k, size_t group, void* dst) {
  Unpack<Int4<false>>(panel, k, group, dst);
}
void unpack_qs8_qu4t16_scalar(const void* panel, size_t k, size_t group, void* dst) {
  Unpack<Int4<true>>(panel, k, group, dst);
}
void unpack_qs8_nf4t16_scalar(const void* panel, size_t k, size_t group, void* dst) {
  Unpack<Nf4>(panel, k, group, dst);
}

void unpack_f32_qs8t16_scalar(const void* panel, size_t k, size_t, void* dst) {
  const auto* scales = static_cast<const float*>(panel);
  const auto* cells = static_cast<const int8_t*>(panel) + 2 * kRows * sizeof(float);
  for (size_t i = 0; i < k; ++i) {
    const int8_t* lanes = cells + i / 4 * kCellBytes + i % 4;
    for (size_t j = 0; j < kRows; ++j)
      static_cast<float*>(dst)[i * kRows + j] = scales[j] * static_cast<float>(lanes[j * 4]);
  }
}
void unpack_f32_qs4t16_scalar(const void* panel, size_t k, size_t group, void* dst) {
  UnpackFloats<Int4<false>>(panel, k, group, dst);
}
void unpack_f32_qu4t16_scalar(const void* panel, size_t k, size_t group, void* dst) {
  UnpackFloats<Int4<true>>(panel, k, group, dst);
}
void unpack_f32_nf4t16_scalar(const void* panel, size_t k, size_t group, void* dst) {
  UnpackFloats<Nf4>(panel, k, group, dst);
}

}  // namespace pare
