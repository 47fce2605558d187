#include "built_layouts.h"
#include "runtime/core/tensor.h"
#include "runtime/kernels/matmul/matmul.h"

namespace pare {

#define PARE_MATMUL(b, mr, nr, isa) MatmulFn matmul_f32_f32_##b##t16_##mr##x##nr##_##isa;
#define PARE_MATMUL_INT8(mr, nr, isa) MatmulFn matmul_qu8_qs8t16_##mr##x##nr##_##isa;
#define PARE_UNPACK(type, isa) UnpackT16Fn unpack_f32_##type##t16_##isa;
#include "runtime/kernels/matmul/kernels.inc"
#undef PARE_MATMUL
#undef PARE_MATMUL_INT8
#undef PARE_UNPACK

namespace {

// Names that rows of kernels.inc use.
constexpr DType f32 = DType::kF32, f16 = DType::kF16, bf16 = DType::kBF16;
constexpr CpuMask scalar = kCpuScalar;
[[maybe_unused]] constexpr CpuMask avx2 = kCpuAvx2, avx512 = kCpuAvx2 | kCpuAvx512, neon = kCpuNeon;
[[maybe_unused]] constexpr CpuMask avxvnni = kCpuAvx2 | kCpuAvxVnni,
                                   avx512vnni = kCpuAvx2 | kCpuAvx512 | kCpuAvx512Vnni,
                                   neondot = kCpuNeon | kCpuNeonDot,
                                   i8mm = kCpuNeon | kCpuNeonDot | kCpuNeonI8mm;

constexpr MatmulKernel kMatmul[] = {
#define PARE_MATMUL(b, mr, nr, isa)                                                             \
  {"matmul_f32_f32_" #b "t16_" #mr "x" #nr "_" #isa, isa, DType::kF32, b, Layout::kT16, mr, nr, \
   matmul_f32_f32_##b##t16_##mr##x##nr##_##isa},
#define PARE_MATMUL_INT8(mr, nr, isa)         \
  {"matmul_qu8_qs8t16_" #mr "x" #nr "_" #isa, \
   isa,                                       \
   DType::kU8,                                \
   DType::kF32,                               \
   Layout::kInt8T16,                          \
   mr,                                        \
   nr,                                        \
   IsBuilt(Layout::kInt8T16) ? matmul_qu8_qs8t16_##mr##x##nr##_##isa : nullptr},
#define PARE_UNPACK(type, isa)
#include "runtime/kernels/matmul/kernels.inc"
#undef PARE_MATMUL
#undef PARE_MATMUL_INT8
#undef PARE_UNPACK
};

constexpr UnpackT16Kernel kUnpack[] = {
#define PARE_MATMUL(b, mr, nr, isa)
#define PARE_MATMUL_INT8(mr, nr, isa)
#define PARE_UNPACK(type, isa) \
  {"unpack_f32_" #type "t16_" #isa, isa, type, unpack_f32_##type##t16_##isa},
#include "runtime/kernels/matmul/kernels.inc"
#undef PARE_MATMUL
#undef PARE_MATMUL_INT8
#undef PARE_UNPACK
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
  for (const MatmulKernel& k : kMatmul) {
    if ((k.needs & ~cpu) != 0 || k.a != a || k.b != b || k.layout != layout ||
        (k.mr == 1) != (m == 1))
      continue;
    if (best != nullptr && k.needs != best->needs) break;  // a lower level
    if (best == nullptr || CostOfRow(k, n) < CostOfRow(*best, n)) best = &k;
  }
  return best;
}

const UnpackT16Kernel* SelectUnpackT16(DType type, CpuMask cpu) {
  for (const UnpackT16Kernel& k : kUnpack) {
    if ((k.needs & ~cpu) == 0 && k.type == type) return &k;
  }
  return nullptr;
}

const MatmulKernel* MatmulKernels(size_t* count) {
  *count = sizeof kMatmul / sizeof *kMatmul;
  return kMatmul;
}

const UnpackT16Kernel* UnpackT16Kernels(size_t* count) {
  *count = sizeof kUnpack / sizeof *kUnpack;
  return kUnpack;
}

}  // namespace pare
