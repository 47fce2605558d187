#include "built_layouts.h"
#include "runtime/core/tensor.h"
#include "runtime/kernels/matmul/matmul.h"

namespace pare {

#define PARE_MATMUL(b, mr, nr, isa) MatmulFn matmul_f32_f32_##b##t16_##mr##x##nr##_##isa;
#define PARE_MATMUL_INT8(mr, nr, isa) MatmulFn matmul_qu8_qs8t16_##mr##x##nr##_##isa;
#define PARE_MATMUL_4BIT(b, mr, nr, term, isa) MatmulFn matmul_f32_qd8_##b##t16_##mr##x##nr##_##isa;
#define PARE_UNPACK(type, isa) UnpackFn unpack_f32_##type##t16_##isa;
#define PARE_UNPACK_LOW(to, b, isa) UnpackFn unpack_##to##_##b##t16_##isa;
#include "runtime/kernels/matmul/kernels.inc"
#undef PARE_MATMUL
#undef PARE_MATMUL_INT8
#undef PARE_MATMUL_4BIT
#undef PARE_UNPACK
#undef PARE_UNPACK_LOW

namespace {

// Names that rows of kernels.inc use.
constexpr DType f32 = DType::kF32, f16 = DType::kF16, bf16 = DType::kBF16;
constexpr DType qs8 = DType::kI8;
constexpr CpuMask scalar = kCpuScalar;
[[maybe_unused]] constexpr CpuMask avx2 = kCpuAvx2, avx512 = kCpuAvx2 | kCpuAvx512, neon = kCpuNeon;
[[maybe_unused]] constexpr CpuMask avxvnni = kCpuAvx2 | kCpuAvxVnni,
                                   avx512vnni = kCpuAvx2 | kCpuAvx512 | kCpuAvx512Vnni,
                                   amxint8 = avx512vnni | kCpuAmxInt8,
                                   neondot = kCpuNeon | kCpuNeonDot,
                                   i8mm = kCpuNeon | kCpuNeonDot | kCpuNeonI8mm;

// The layouts that rows name.
namespace low {
constexpr Layout qs8 = Layout::kInt8T16, qs4 = Layout::kInt4G32, qu4 = Layout::kUint4G32,
                 nf4 = Layout::kNf4G64;
}  // namespace low

// Groups of every size have the same kernels.
constexpr Layout WithSmallestGroup(Layout layout) {
  switch (layout) {
    case Layout::kInt4G64:
    case Layout::kInt4G128: return low::qs4;
    case Layout::kUint4G64:
    case Layout::kUint4G128: return low::qu4;
    default: return layout;
  }
}
constexpr bool HasKernels(Layout layout) {
  for (int i = 0; i < kLayoutCount; ++i) {
    const auto other = static_cast<Layout>(i);
    if (IsBuilt(other) && WithSmallestGroup(other) == layout) return true;
  }
  return false;
}

constexpr MatmulKernel kMatmul[] = {
#define PARE_MATMUL(b, mr, nr, isa)                                                             \
  {"matmul_f32_f32_" #b "t16_" #mr "x" #nr "_" #isa, isa, DType::kF32, b, Layout::kT16, mr, nr, \
   matmul_f32_f32_##b##t16_##mr##x##nr##_##isa,      0},
#define PARE_MATMUL_INT8(mr, nr, isa)                                      \
  {"matmul_qu8_qs8t16_" #mr "x" #nr "_" #isa,                              \
   isa,                                                                    \
   DType::kU8,                                                             \
   DType::kF32,                                                            \
   low::qs8,                                                               \
   mr,                                                                     \
   nr,                                                                     \
   HasKernels(low::qs8) ? matmul_qu8_qs8t16_##mr##x##nr##_##isa : nullptr, \
   0},
#define PARE_MATMUL_4BIT(b, mr, nr, term, isa)                                 \
  {"matmul_f32_qd8_" #b "t16_" #mr "x" #nr "_" #isa,                           \
   isa,                                                                        \
   DType::kI8,                                                                 \
   DType::kF32,                                                                \
   low::b,                                                                     \
   mr,                                                                         \
   nr,                                                                         \
   HasKernels(low::b) ? matmul_f32_qd8_##b##t16_##mr##x##nr##_##isa : nullptr, \
   term},
#define PARE_UNPACK(type, isa)
#define PARE_UNPACK_LOW(to, b, isa)
#include "runtime/kernels/matmul/kernels.inc"
#undef PARE_MATMUL
#undef PARE_MATMUL_INT8
#undef PARE_MATMUL_4BIT
#undef PARE_UNPACK
#undef PARE_UNPACK_LOW
};

constexpr UnpackKernel kUnpack[] = {
#define PARE_MATMUL(b, mr, nr, isa)
#define PARE_MATMUL_INT8(mr, nr, isa)
#define PARE_MATMUL_4BIT(b, mr, nr, term, isa)
#define PARE_UNPACK(type, isa) \
  {"unpack_f32_" #type "t16_" #isa, isa, f32, type, Layout::kT16, unpack_f32_##type##t16_##isa},
#define PARE_UNPACK_LOW(to, b, isa)  \
  {"unpack_" #to "_" #b "t16_" #isa, \
   isa,                              \
   to,                               \
   DType::kF32,                      \
   low::b,                           \
   HasKernels(low::b) ? unpack_##to##_##b##t16_##isa : nullptr},
#include "runtime/kernels/matmul/kernels.inc"
#undef PARE_MATMUL
#undef PARE_MATMUL_INT8
#undef PARE_MATMUL_4BIT
#undef PARE_UNPACK
#undef PARE_UNPACK_LOW
};

// What a row of n columns costs: a tile of p panels takes mr * p multiply-adds and mr + p loads for
// each k, and a load about a quarter of a multiply-add. A kernel that ends with half a panel is for
// columns that do so, all in one tile.
double CostOfRow(const MatmulKernel& kernel, size_t n) {
  const bool half = kernel.nr % 16 != 0;
  if (half && n > kernel.nr) return 1e9;
  const size_t panels = (n + 15) / 16, width = kernel.nr / 16u;
  const size_t tiles = half ? 1 : (panels + width - 1) / width;
  const double mr = kernel.mr, all = half ? kernel.nr / 16.0 : static_cast<double>(panels);
  return all + (mr * static_cast<double>(tiles) + all) / (4 * mr);
}

}  // namespace

const MatmulKernel* SelectMatmul(DType a, DType b, Layout layout, size_t m, size_t n, CpuMask cpu) {
  const MatmulKernel* best = nullptr;
  layout = WithSmallestGroup(layout);
  for (const MatmulKernel& k : kMatmul) {
    if ((k.needs & ~cpu) != 0 || k.a != a || k.b != b || k.layout != layout ||
        (k.mr == 1) != (m == 1))
      continue;
    if (best != nullptr && k.needs != best->needs) break;  // a lower level
    if (best == nullptr || CostOfRow(k, n) < CostOfRow(*best, n)) best = &k;
  }
  return best;
}

const UnpackKernel* SelectUnpack(DType to, DType type, Layout layout, CpuMask cpu) {
  layout = WithSmallestGroup(layout);
  for (const UnpackKernel& k : kUnpack) {
    if ((k.needs & ~cpu) == 0 && k.to == to && k.type == type && k.layout == layout) return &k;
  }
  return nullptr;
}

size_t UnpackedBytes(DType to, Layout layout, size_t k, size_t group) {
  constexpr size_t kRows = 16;
  if (to == DType::kF32) return (k + 1) / 2 * 2 * kRows * sizeof(float);
  const size_t header = (WithSmallestGroup(layout) == low::qu4 ? 2 : 1) * kRows * sizeof(float);
  return k / group * (header + group * kRows);
}

const MatmulKernel* MatmulKernels(size_t* count) {
  *count = sizeof kMatmul / sizeof *kMatmul;
  return kMatmul;
}

const UnpackKernel* UnpackKernels(size_t* count) {
  *count = sizeof kUnpack / sizeof *kUnpack;
  return kUnpack;
}

}  // namespace pare
