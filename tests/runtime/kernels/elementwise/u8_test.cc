// Kernels of quantized u8 give the bytes of the scalar ones.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "runtime/kernels/cpu.h"
#include "runtime/kernels/elementwise/binary.h"
#include "runtime/kernels/elementwise/lookup.h"
#include "runtime/kernels/pool/pool.h"

namespace pare {
namespace {

std::vector<uint8_t> Random(size_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<uint8_t> v(n);
  for (uint8_t& x : v) x = static_cast<uint8_t>(engine());
  return v;
}

TEST(LookUpKernels, EveryIndexAndTail) {
  alignas(64) uint8_t table[256];
  const auto entries = Random(256, 1);
  std::copy(entries.begin(), entries.end(), table);
  for (size_t n : {0, 1, 31, 64, 100, 300}) {
    std::vector<uint8_t> x(n), y(n + 1, 7);
    for (size_t i = 0; i < n; ++i) x[i] = static_cast<uint8_t>(i);
    SelectLookUp(HostCpu())(table, x.data(), y.data(), n);
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(y[i], table[x[i]]) << i;
    EXPECT_EQ(y[n], 7);
  }
}

TEST(BinaryU8Kernels, SameBytesAsScalar) {
  const BinaryQuant quants[] = {
      {700000, -300000, (90 << 20) + (1 << 19), 20, 90, 30, 90, 0.013f, 3, 240},
      {1 << 20, 1 << 20, -(200 << 20), 0, 128, 0, 255, 100.f, 0, 255},
      {5, 1 << 19, 255 << 22, 22, 0, 255, 0, 1e-9f, 0, 255}};
  for (const BinaryQuant& quant : quants) {
    for (uint8_t kind : {0, 1, 2, 7, 8}) {
      for (size_t n : {1, 3, 8, 16, 17, 50}) {
        for (int steps = 0; steps < 3; ++steps) {
          const auto a = Random(3 * n, 1), b = Random(3 * n, 2);
          std::vector<uint8_t> want(3 * n + 1, 9), y = want;
          BinaryArgs args{};
          args.a = a.data();
          args.b = b.data();
          args.rows = 3;
          args.n = n;
          args.a_stride = args.b_stride = args.y_stride = static_cast<ptrdiff_t>(n);
          args.a_step = steps != 1;
          args.b_step = steps != 2;
          args.quant = &quant;
          args.y = want.data();
          SelectBinaryU8(kind, kCpuScalar)(args);
          args.y = y.data();
          SelectBinaryU8(kind, HostCpu())(args);
          ASSERT_EQ(y, want) << int{kind} << " n " << n;
        }
      }
    }
  }
}

TEST(PoolU8Kernels, SameBytesAsScalar) {
  for (size_t channels : {1, 5, 16, 37, 64, 100}) {
    const auto x = Random(8 * 8 * channels, 3);
    PoolArgs args{};
    args.x = x.data();
    args.taps[0] = 1;
    args.taps[1] = 3;
    args.taps[2] = 2;
    args.tap_stride[1] = static_cast<ptrdiff_t>(8 * channels);
    args.tap_stride[2] = args.pixel_stride = static_cast<ptrdiff_t>(channels);
    args.pixels = 5;
    args.channels = channels;
    args.scale = 0.31f;
    args.x_zero = 100;
    args.y_zero = 120;
    for (const bool max : {true, false}) {
      std::vector<uint8_t> want(5 * channels), y = want;
      const PoolTable &scalar = SelectPoolU8(kCpuScalar), &best = SelectPoolU8(HostCpu());
      args.y = want.data();
      (max ? scalar.max : scalar.average)(args);
      args.y = y.data();
      (max ? best.max : best.average)(args);
      ASSERT_EQ(y, want) << channels;
    }
  }
}

}  // namespace
}  // namespace pare
