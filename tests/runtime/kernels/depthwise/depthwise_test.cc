// Every row of kernels.inc that the level of PARE_CPU allows, against a sum in double.
#include "runtime/kernels/depthwise/depthwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <vector>

#include "runtime/layout/layout.h"
#include "tests/reference/matmul.h"
#include "tests/support/tolerance.h"

namespace pare {
namespace {

constexpr float kUntouched = -12345.f;

std::vector<float> Random(size_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> values(-1, 1);
  std::vector<float> v(n);
  for (float& x : v) x = values(engine);
  return v;
}

void Check(const DepthwiseKernel& kernel, size_t pixels, size_t channels, size_t taps,
           bool extras) {
  const auto w = Random(channels * taps, 1), bias = Random(channels, 2);
  std::vector<float> packed(PackedBytesDepthwise16(DType::kF32, channels, taps) / sizeof(float));
  PackDepthwise16(DType::kF32, w.data(), channels, taps, packed.data());
  std::vector<std::vector<float>> x;
  std::vector<const float*> pointers;
  for (size_t i = 0; i < pixels * taps; ++i)
    x.push_back(Random(channels, static_cast<unsigned>(i)));
  for (const auto& row : x) pointers.push_back(row.data());
  const size_t stride = channels + 3;
  const auto addend = Random(pixels * channels, 5);
  std::vector<float> y(pixels * stride, kUntouched);
  DepthwiseArgs args{};
  args.x = pointers.data();
  args.pixels = pixels;
  args.taps = taps;
  args.channels = channels;
  args.w = packed.data();
  args.c = y.data();
  args.c_stride = stride;
  args.bias = extras ? bias.data() : nullptr;
  args.addend = extras ? addend.data() : nullptr;
  args.addend_stride = channels;
  args.lower = extras ? 0 : -std::numeric_limits<float>::infinity();
  args.upper = extras ? 1 : std::numeric_limits<float>::infinity();
  kernel.run(args);
  for (size_t i = 0; i < pixels; ++i) {
    for (size_t j = 0; j < stride; ++j) {
      if (j >= channels) {
        ASSERT_EQ(y[i * stride + j], kUntouched) << kernel.name;
        continue;
      }
      reference::Dot dot;
      for (size_t t = 0; t < taps; ++t) dot.Add(x[i * taps + t][j], w[j * taps + t]);
      double want = dot.sum + (extras ? bias[j] + addend[i * channels + j] : 0);
      want = std::fmin(std::fmax(want, args.lower), args.upper);
      ASSERT_TRUE(test::IsClose(y[i * stride + j], want, "Matmul", dot.magnitude + 2))
          << kernel.name << " pixels " << pixels << " channels " << channels << " taps " << taps;
    }
  }
}

TEST(DepthwiseKernels, EveryShape) {
  size_t count;
  const DepthwiseKernel* rows = DepthwiseKernels(&count);
  for (size_t r = 0; r < count; ++r) {
    if ((rows[r].needs & ~HostCpu()) != 0) continue;
    for (size_t pixels = 1; pixels <= 9; ++pixels) {
      for (size_t channels : {1, 3, 8, 15, 16, 17, 31, 32, 33, 40, 64, 100}) {
        for (size_t taps : {1, 2, 9, 25})
          Check(rows[r], pixels, channels, taps, (pixels + channels) % 2 == 0);
      }
    }
  }
}

TEST(DepthwiseKernels, NamesFollowTheGrammar) {
  size_t count;
  const DepthwiseKernel* rows = DepthwiseKernels(&count);
  for (size_t r = 0; r < count; ++r) {
    int pixels, channels;
    char isa[16];
    ASSERT_EQ(
        std::sscanf(rows[r].name, "depthwise_f32_f32_f32_%dx%d_%15s", &pixels, &channels, isa), 3);
    EXPECT_EQ(rows[r].pixels, pixels);
    EXPECT_EQ(rows[r].channels, channels);
    EXPECT_STREQ(CpuLevelName(rows[r].needs), isa);
  }
}

}  // namespace
}  // namespace pare
