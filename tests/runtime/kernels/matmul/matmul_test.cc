// Every row of kernels.inc that the level of PARE_CPU allows, against a sum in double.
#include "runtime/kernels/matmul/matmul.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "runtime/core/tensor.h"
#include "runtime/layout/layout.h"
#include "tests/reference/matmul.h"
#include "tests/support/tolerance.h"

namespace pare {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kUntouched = -12345.f;

std::vector<float> Random(size_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> values(-1, 1);
  std::vector<float> v(n);
  for (float& x : v) x = values(engine);
  return v;
}

// A 64-byte aligned copy.
struct Aligned {
  explicit Aligned(size_t bytes) : data(std::aligned_alloc(64, (bytes + 127) / 64 * 64)) {}
  ~Aligned() { std::free(data); }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  void* data;
};

uint16_t ToBits(DType type, float x) {
  return type == DType::kF16 ? FloatToHalf(x) : FloatToBfloat16(x);
}
float FromBits(DType type, uint16_t x) {
  return type == DType::kF16 ? HalfToFloat(x) : Bfloat16ToFloat(x);
}

struct Case {
  size_t rows, n, k, taps;
  bool bias, addend, clamp, scattered_taps;
};

// Weights as the kernel sees them: packed bytes, and their values.
struct Weights {
  Weights(DType type, size_t n, size_t k)
      : values(Random(n * k, 7)), packed(PackedBytesT16(type, n, k)) {
    if (SizeOf(type) == 4) {
      PackT16(type, values.data(), n, k, packed.data);
      return;
    }
    std::vector<uint16_t> bits(values.size());
    for (size_t i = 0; i < bits.size(); ++i) {
      bits[i] = ToBits(type, values[i]);
      values[i] = FromBits(type, bits[i]);
    }
    PackT16(type, bits.data(), n, k, packed.data);
  }
  std::vector<float> values;
  Aligned packed;
};

void Check(const MatmulKernel& kernel, const Case& c) {
  const size_t k = c.k * c.taps;
  const Weights w(kernel.b, c.n, k);
  const std::vector<float> bias = Random(c.n, 3);
  const size_t c_stride = c.n + 5, addend_stride = c.n + 2;
  const std::vector<float> addend = Random(c.rows * addend_stride, 4);
  std::vector<std::vector<float>> a;
  std::vector<const void*> pointers;
  for (size_t i = 0; i < c.taps * c.rows; ++i) a.push_back(Random(c.k, static_cast<unsigned>(i)));
  for (const auto& row : a) pointers.push_back(row.data());
  std::vector<uint32_t> tap_k;  // the taps of B in reverse
  for (size_t t = 0; t < c.taps; ++t)
    tap_k.push_back(static_cast<uint32_t>((c.taps - 1 - t) * c.k));
  std::vector<float> out(c.rows * c_stride, kUntouched);
  MatmulArgs args{};
  args.a = pointers.data();
  args.rows = c.rows;
  args.taps = c.taps;
  args.k = c.k;
  args.tap_k = c.scattered_taps ? tap_k.data() : nullptr;
  args.b = args.next = w.packed.data;
  args.panel_bytes = PackedBytesT16(kernel.b, kPanelRows, k);
  args.n = c.n;
  args.c = out.data();
  args.c_stride = c_stride;
  args.bias = c.bias ? bias.data() : nullptr;
  args.addend = c.addend ? addend.data() : nullptr;
  args.addend_stride = addend_stride;
  args.alpha = c.bias ? 0.5f : 1.f;
  args.lower = c.clamp ? 0.f : -kInfinity;
  args.upper = c.clamp ? 0.75f : kInfinity;
  kernel.run(args);
  for (size_t i = 0; i < c.rows; ++i) {
    for (size_t j = 0; j < c_stride; ++j) {
      const float y = out[i * c_stride + j];
      if (j >= c.n) {
        ASSERT_EQ(y, kUntouched) << kernel.name << " wrote behind column " << c.n;
        continue;
      }
      reference::Dot dot;
      for (size_t t = 0; t < c.taps; ++t) {
        const size_t first = c.scattered_taps ? tap_k[t] : t * c.k;
        for (size_t x = 0; x < c.k; ++x) dot.Add(a[t * c.rows + i][x], w.values[j * k + first + x]);
      }
      double want = args.alpha * dot.sum;
      if (c.bias) want += bias[j];
      if (c.addend) want += addend[i * addend_stride + j];
      want = std::fmin(std::fmax(want, args.lower), args.upper);
      ASSERT_TRUE(test::IsClose(y, want, "Matmul", dot.magnitude + 2))
          << kernel.name << " rows " << c.rows << " n " << c.n << " k " << c.k << " taps " << c.taps
          << " at " << i << "," << j << ": " << y << " for " << want;
    }
  }
}

std::vector<MatmulKernel> Kernels() {
  size_t count;
  const MatmulKernel* rows = MatmulKernels(&count);
  std::vector<MatmulKernel> usable;
  for (size_t i = 0; i < count; ++i) {
    if ((rows[i].needs & ~HostCpu()) == 0 && rows[i].a == DType::kF32) usable.push_back(rows[i]);
  }
  return usable;
}

TEST(MatmulKernels, EveryTileOfEveryRow) {
  for (const MatmulKernel& kernel : Kernels()) {
    for (size_t rows = 1; rows <= kernel.mr; ++rows) {
      for (size_t n = 1; n <= kernel.nr; ++n)
        Check(kernel, {rows, n, 9, 1, n % 2 == 0, n % 3 == 0, n % 5 == 0, false});
    }
  }
}

TEST(MatmulKernels, EveryDepth) {
  for (const MatmulKernel& kernel : Kernels()) {
    for (size_t k = 0; k <= 40; ++k)
      Check(kernel, {kernel.mr, kernel.nr, k, 1, true, false, false, false});
    Check(kernel, {kernel.mr, kernel.nr, 1000, 1, true, false, false, false});
  }
}

TEST(MatmulKernels, TapsReadTheirOwnRowsAndWeights) {
  for (const MatmulKernel& kernel : Kernels()) {
    if (kernel.b != DType::kF32) continue;
    for (size_t taps : {2, 3, 9}) {
      for (size_t k : {1, 3, 8, 17}) {
        for (bool scattered : {false, true})
          Check(kernel, {kernel.mr, kernel.nr, k, taps, true, true, true, scattered});
      }
    }
  }
}

// A name says what its row says: matmul_f32_f32_<b>t16_<mr>x<nr>_<isa>, and of quantized operands
// matmul_qu8_qs8t16_<mr>x<nr>_<isa>; of 4 bits matmul_f32_qd8_<b>t16_<mr>x<nr>_<isa>.
TEST(MatmulKernels, NamesFollowTheGrammar) {
  size_t count;
  const MatmulKernel* rows = MatmulKernels(&count);
  for (size_t i = 0; i < count; ++i) {
    char b[8], isa[16];
    int mr, nr;
    if (rows[i].a == DType::kU8) {
      ASSERT_EQ(std::sscanf(rows[i].name, "matmul_qu8_qs8t16_%dx%d_%15s", &mr, &nr, isa), 3)
          << rows[i].name;
      EXPECT_EQ(rows[i].layout, Layout::kInt8T16);
    } else if (rows[i].a == DType::kI8) {
      ASSERT_EQ(
          std::sscanf(rows[i].name, "matmul_f32_qd8_%3[a-z0-9]t16_%dx%d_%15s", b, &mr, &nr, isa), 4)
          << rows[i].name;
      EXPECT_STREQ(b, rows[i].layout == Layout::kInt4G32    ? "qs4"
                      : rows[i].layout == Layout::kUint4G32 ? "qu4"
                                                            : "nf4");
    } else {
      ASSERT_EQ(std::sscanf(rows[i].name, "matmul_f32_f32_%7[a-z0-9]_%dx%d_%15s", b, &mr, &nr, isa),
                4)
          << rows[i].name;
      EXPECT_EQ(std::string(NameOf(rows[i].b)) + "t16", b);
      EXPECT_EQ(rows[i].layout, Layout::kT16);
      EXPECT_EQ(rows[i].a, DType::kF32);
    }
    EXPECT_EQ(rows[i].mr, mr);
    EXPECT_EQ(rows[i].nr, nr);
    EXPECT_EQ(rows[i].nr % (kPanelRows / 2), 0u);
    EXPECT_STREQ(CpuLevelName(rows[i].needs), isa);
  }
}

TEST(MatmulKernels, SelectionFindsOneForEveryLevel) {
  for (CpuMask cpu : {CpuMask{0}, HostCpu()}) {
    for (DType b : {DType::kF32, DType::kF16, DType::kBF16}) {
      const MatmulKernel* row = SelectMatmul(DType::kF32, b, Layout::kT16, 1, 100, cpu);
      ASSERT_NE(row, nullptr);
      EXPECT_EQ(row->mr, 1);
      EXPECT_EQ(row->needs & ~cpu, 0u);
    }
    const MatmulKernel* tile = SelectMatmul(DType::kF32, DType::kF32, Layout::kT16, 2, 100, cpu);
    ASSERT_NE(tile, nullptr);
    EXPECT_GT(tile->mr, 1);
    EXPECT_EQ(SelectMatmul(DType::kF32, DType::kF16, Layout::kT16, 2, 100, cpu), nullptr);
    for (size_t m : {1, 2}) {
      const MatmulKernel* int8 =
          SelectMatmul(DType::kU8, DType::kF32, Layout::kInt8T16, m, 100, cpu);
      ASSERT_NE(int8, nullptr);
      EXPECT_EQ(int8->mr == 1, m == 1);
    }
  }
}

TEST(UnpackKernels, AreExactForEveryBitPattern) {
  size_t count;
  const UnpackKernel* rows = UnpackKernels(&count);
  for (size_t r = 0; r < count; ++r) {
    if ((rows[r].needs & ~HostCpu()) != 0 || rows[r].layout != Layout::kT16) continue;
    constexpr size_t kCells = 65536 / 32;
    std::vector<uint16_t> cells(65536);
    for (size_t i = 0; i < cells.size(); ++i) cells[i] = static_cast<uint16_t>(i);
    std::vector<float> out(65536);
    rows[r].run(cells.data(), 2 * kCells, 0, out.data());
    for (size_t i = 0; i < cells.size(); ++i) {
      const size_t cell = i / 32, lane = i % 32 / 2, odd = i % 2;
      const float got = out[(2 * cell + odd) * 16 + lane], want = FromBits(rows[r].type, cells[i]);
      if (std::isnan(want)) {
        ASSERT_TRUE(std::isnan(got)) << rows[r].name << " " << i;
      } else {
        ASSERT_EQ(got, want) << rows[r].name << " " << i;
      }
    }
  }
}

}  // namespace
}  // namespace pare
