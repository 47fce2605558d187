// Every row of 4-bit weights of kernels.inc that the level of PARE_CPU allows: the bytes that the
// contract says.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "runtime/core/tensor.h"
#include "runtime/kernels/matmul/matmul.h"
#include "runtime/layout/layout.h"
#include "runtime/layout/nf4.h"
#include "tests/support/aligned.h"
#include "tests/support/random.h"

namespace pare {
namespace {

using test::Aligned;
using test::Allocate;
using test::Random;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kUntouched = 12345.f;
constexpr Layout kLayouts[] = {Layout::kInt4G32,  Layout::kInt4G64,  Layout::kInt4G128,
                               Layout::kUint4G32, Layout::kUint4G64, Layout::kUint4G128,
                               Layout::kNf4G64};

// Random weights, packed, and what they mean.
struct Weights {
  Weights(Layout layout, size_t n, size_t k, bool extreme)
      : layout(layout),
        shape{2, {static_cast<int64_t>(n), static_cast<int64_t>(k)}},
        k(k),
        group(GroupOf(layout)),
        groups(k / group),
        nibbles(Random<uint8_t>(n * k, extreme ? 15 : 0, 15, 1)) {
    uint64_t bytes;
    EXPECT_TRUE(PackedBytes(layout, DType::kF32, shape, &bytes));
    packed = Allocate(bytes);
    if (layout == Layout::kNf4G64) {
      codes = Random<uint8_t>(n * groups, 0, 255, 2);
      panel_blocks = (groups + 15) / 16;
      for (size_t i = 0; i < (n + 15) / 16 * panel_blocks; ++i)
        blocks.push_back({0.01f + 0.001f * static_cast<float>(i), 0.3f});
      PackNf4(nibbles.data(), codes.data(), blocks.data(), shape, packed.get());
      return;
    }
    for (int x : Random<int>(n * groups, -1000, 1000, 3))
      scales.push_back(FloatToHalf(static_cast<float>(x) * 0.001f));
    for (int x : Random<int>(n * groups, -1000, 1000, 4))
      minima.push_back(FloatToHalf(static_cast<float>(x) * 0.001f));
    PackInt4(layout, nibbles.data(), scales.data(), minima.data(), shape, packed.get());
  }
  float Scale(size_t j, size_t g) const {
    if (layout != Layout::kNf4G64) return HalfToFloat(scales[j * groups + g]);
    const Nf4Block& block = blocks[j / 16 * panel_blocks + g / 16];
    return std::fma(block.scale, static_cast<float>(codes[j * groups + g]), block.offset);
  }
  int Integer(size_t j, size_t i) const {
    const int nibble = nibbles[j * k + i];
    if (layout == Layout::kNf4G64) return kNf4Codes[nibble];
    return HasMinima(layout) ? nibble : nibble - 8;
  }
  Layout layout;
  Shape shape;
  size_t k, group, groups, panel_blocks = 0;
  std::vector<uint8_t> nibbles, codes;
  std::vector<uint16_t> scales, minima;
  std::vector<Nf4Block> blocks;
  Aligned packed;
};

struct Case {
  size_t rows, n, k;
  bool bias, addend, extreme;
};

void Check(const MatmulKernel& kernel, Layout layout, const Case& c) {
  const Weights w(layout, c.n, c.k, c.extreme);
  const size_t stride = c.n + 3, panels = (c.n + 15) / 16, first_row = 2;
  std::vector<std::vector<int8_t>> a;
  std::vector<const void*> pointers;
  for (unsigned i = 0; i < c.rows; ++i)
    a.push_back(Random<int8_t>(c.k, c.extreme ? (i % 2 ? -127 : 127) : -127,
                               c.extreme && i % 2 ? -127 : 127, 10 + i));
  for (const auto& row : a) pointers.push_back(row.data());
  std::vector<int32_t> terms((first_row + c.rows) * w.groups);
  std::vector<float> scales;
  for (size_t i = 0; i < first_row + c.rows; ++i)
    scales.push_back(0.01f * static_cast<float>(i + 1));
  for (size_t i = 0; i < c.rows * c.k; ++i)
    terms[(first_row + i / c.k) * w.groups + i % c.k / w.group] +=
        kernel.term * a[i / c.k][i % c.k];
  std::vector<float> bias(c.n, 0.7f), addend(c.rows * stride, -0.3f),
      y(c.rows * stride, kUntouched);

  MatmulQuant quant{};
  quant.a_scale = scales.data();
  quant.group = w.group;
  quant.a_terms = terms.data();
  MatmulArgs args{};
  args.a = pointers.data();
  args.rows = c.rows;
  args.taps = 1;
  args.k = c.k;
  args.b = w.packed.get();
  args.panel_bytes = FourBitPanelBytes(layout, c.k);
  Aligned unpacked;
  if (kernel.mr > 1) {
    const UnpackKernel* unpack = SelectUnpack(DType::kI8, DType::kF32, layout, kernel.needs);
    ASSERT_NE(unpack, nullptr);
    const size_t bytes = UnpackedBytes(DType::kI8, layout, c.k, w.group);
    unpacked = Allocate(kernel.nr / 16u * bytes);
    std::memset(unpacked.get(), 0x55, kernel.nr / 16u * bytes);
    for (size_t p = 0; p < panels; ++p)
      unpack->run(static_cast<const char*>(args.b) + p * args.panel_bytes, c.k, w.group,
                  static_cast<char*>(unpacked.get()) + p * bytes);
    args.b = unpacked.get();
    args.panel_bytes = bytes;
  }
  args.next = args.b;
  args.n = c.n;
  args.c = y.data();
  args.c_stride = args.addend_stride = stride;
  args.bias = c.bias ? bias.data() : nullptr;
  args.addend = c.addend ? addend.data() : nullptr;
  args.alpha = 0.5f;
  args.lower = c.bias ? -50 : -kInfinity;
  args.upper = kInfinity;
  args.quant = &quant;
  args.first_row = first_row;
  kernel.run(args);
  for (size_t i = 0; i < c.rows; ++i) {
    for (size_t j = 0; j < stride; ++j) {
      if (j >= c.n) {
        ASSERT_EQ(y[i * stride + j], kUntouched) << kernel.name;
        continue;
      }
      float sum = 0;
      for (size_t g = 0; g < w.groups; ++g) {
        int dot = 0, total = 0;
        for (size_t k = g * w.group; k < (g + 1) * w.group; ++k) {
          dot += a[i][k] * w.Integer(j, k);
          total += a[i][k];
        }
        sum = std::fma(static_cast<float>(dot), w.Scale(j, g), sum);
        if (HasMinima(layout))
          sum = std::fma(static_cast<float>(total), HalfToFloat(w.minima[j * w.groups + g]), sum);
      }
      float want = std::fma(sum, scales[first_row + i] * args.alpha, c.bias ? bias[j] : 0);
      if (c.addend) want += addend[i * stride + j];
      ASSERT_EQ(y[i * stride + j], std::fmax(want, args.lower))
          << kernel.name << " rows " << c.rows << " n " << c.n << " k " << c.k << " at " << i << ","
          << j;
    }
  }
}

// Calls check with every usable row and every layout that it is for.
template <class F>
void ForEachKernel(F check) {
  size_t count;
  const MatmulKernel* rows = MatmulKernels(&count);
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    if ((rows[i].needs & ~HostCpu()) != 0 || rows[i].a != DType::kI8) continue;
    for (Layout layout : kLayouts) {
      // The layout of the row is the one with the smallest group.
      const MatmulKernel* best =
          SelectMatmul(DType::kI8, DType::kF32, layout, rows[i].mr, 16, rows[i].needs);
      ASSERT_NE(best, nullptr);
      if (best->layout != rows[i].layout) continue;
      ++found;
      check(rows[i], layout);
    }
  }
  EXPECT_GE(found, 14u);
}

TEST(FourBitMatmulKernels, EveryTileOfEveryRow) {
  ForEachKernel([](const MatmulKernel& kernel, Layout layout) {
    for (size_t rows = 1; rows <= kernel.mr; ++rows) {
      for (size_t n = 1; n <= kernel.nr; ++n)
        Check(kernel, layout, {rows, n, 128, n % 2 == 0, n % 3 == 0, false});
    }
  });
}

TEST(FourBitMatmulKernels, EveryDepth) {
  ForEachKernel([](const MatmulKernel& kernel, Layout layout) {
    for (size_t groups : {1, 2, 3, 8, 17, 33})
      Check(kernel, layout, {kernel.mr, kernel.nr, groups * GroupOf(layout), true, true, false});
  });
}

TEST(FourBitMatmulKernels, TheLargestSumsAreExact) {
  ForEachKernel([](const MatmulKernel& kernel, Layout layout) {
    Check(kernel, layout, {kernel.mr, kernel.nr, 512, false, false, true});
  });
}

// What a panel becomes as floats is what the layout says it means, bit for bit.
TEST(UnpackKernels, LowBitPanelsBecomeWhatTheyMean) {
  size_t count;
  const UnpackKernel* rows = UnpackKernels(&count);
  for (size_t r = 0; r < count; ++r) {
    if ((rows[r].needs & ~HostCpu()) != 0 || rows[r].to != DType::kF32) continue;
    for (Layout layout : kLayouts) {
      if (SelectUnpack(DType::kF32, DType::kF32, layout, rows[r].needs) != rows + r) continue;
      const size_t k = 17 * GroupOf(layout);
      const Weights w(layout, 16, k, false);
      std::vector<float> out(UnpackedBytes(DType::kF32, layout, k, w.group) / 4), want(16 * k);
      rows[r].run(w.packed.get(), k, w.group, out.data());
      DecodeLowBit(layout, w.packed.get(), w.shape, want.data());
      for (size_t i = 0; i < 16 * k; ++i)
        ASSERT_EQ(out[i], want[i % 16 * k + i / 16]) << rows[r].name;
    }
  }
}

TEST(UnpackKernels, Int8PanelsBecomeWhatTheyMean) {
  const Shape shape{2, {16, 37}};
  const std::vector<int8_t> q = Random<int8_t>(16 * 37, -127, 127, 1);
  std::vector<float> scales, want(q.size());
  for (int i = 0; i < 16; ++i) scales.push_back(0.1f + 0.01f * static_cast<float>(i));
  const Aligned packed = Allocate(Int8PanelBytes(10));
  PackInt8(Layout::kInt8T16, q.data(), scales.data(), shape, packed.get());
  DecodeLowBit(Layout::kInt8T16, packed.get(), shape, want.data());
  const UnpackKernel* unpack = SelectUnpack(DType::kF32, DType::kF32, Layout::kInt8T16, HostCpu());
  ASSERT_NE(unpack, nullptr);
  std::vector<float> out(16 * 38);
  unpack->run(packed.get(), 37, 0, out.data());
  for (size_t i = 0; i < q.size(); ++i) ASSERT_EQ(out[i], want[i % 16 * 37 + i / 16]) << i;
}

}  // namespace
}  // namespace pare
