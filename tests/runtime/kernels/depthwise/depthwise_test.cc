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

struct Case {
  size_t pixels, channels, lines, width, step;
  bool extras;
};

void Check(const DepthwiseKernel& kernel, const Case& t) {
  const size_t channels = t.channels, taps = t.lines * t.width;
  const auto w = Random(channels * taps, 1), bias = Random(channels, 2);
  std::vector<float> packed(PackedBytesDepthwise16(DType::kF32, channels, taps) / sizeof(float));
  PackDepthwise16(DType::kF32, w.data(), channels, taps, packed.data());
  const size_t whole = (t.pixels + kDepthwisePixels - 1) / kDepthwisePixels * kDepthwisePixels;
  const size_t columns = (whole - 1) * t.step + t.width;
  std::vector<std::vector<float>> x;
  std::vector<const float*> pointers;
  for (size_t i = 0; i < t.lines * columns; ++i)
    x.push_back(Random(channels, static_cast<unsigned>(i)));
  for (const auto& column : x) pointers.push_back(column.data());
  pointers.resize(pointers.size() + 64, nullptr);  // a read behind the last tile would fault
  const size_t stride = channels + 3;
  const auto addend = Random(t.pixels * channels, 5);
  std::vector<float> y(t.pixels * stride, kUntouched);
  DepthwiseArgs args{};
  args.x = pointers.data();
  args.line_stride = columns;
  args.lines = t.lines;
  args.width = t.width;
  args.step = t.step;
  args.pixels = t.pixels;
  args.channels = channels;
  args.w = packed.data();
  args.c = y.data();
  args.c_stride = stride;
  args.bias = t.extras ? bias.data() : nullptr;
  args.addend = t.extras ? addend.data() : nullptr;
  args.addend_stride = channels;
  args.lower = t.extras ? 0 : -std::numeric_limits<float>::infinity();
  args.upper = t.extras ? 1 : std::numeric_limits<float>::infinity();
  kernel.run(args);
  for (size_t i = 0; i < t.pixels; ++i) {
    for (size_t j = 0; j < stride; ++j) {
      if (j >= channels) {
        ASSERT_EQ(y[i * stride + j], kUntouched) << kernel.name;
        continue;
      }
      reference::Dot dot;
      for (size_t l = 0; l < t.lines; ++l) {
        for (size_t k = 0; k < t.width; ++k)
          dot.Add(x[l * columns + i * t.step + k][j], w[j * taps + l * t.width + k]);
      }
      double want = dot.sum + (t.extras ? bias[j] + addend[i * channels + j] : 0);
      want = std::fmin(std::fmax(want, args.lower), args.upper);
      ASSERT_TRUE(test::IsClose(y[i * stride + j], want, "Matmul", dot.magnitude + 2))
          << kernel.name << " pixels " << t.pixels << " channels " << channels << " window "
          << t.lines << "x" << t.width << " step " << t.step;
    }
  }
}

TEST(DepthwiseKernels, EveryShape) {
  const struct {
    size_t lines, width, step;
  } windows[] = {{1, 1, 1}, {1, 2, 2}, {3, 3, 1}, {3, 3, 2}, {3, 3, 3},
                 {1, 9, 9}, {5, 5, 1}, {5, 5, 2}, {2, 3, 1}, {1, 4, 1}};
  size_t count;
  const DepthwiseKernel* rows = DepthwiseKernels(&count);
  for (size_t r = 0; r < count; ++r) {
    if ((rows[r].needs & ~HostCpu()) != 0) continue;
    for (size_t pixels : {1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17}) {
      for (size_t channels : {1, 3, 8, 15, 16, 17, 31, 32, 33, 40, 64}) {
        for (const auto& window : windows)
          Check(rows[r], {pixels, channels, window.lines, window.width, window.step,
                          (pixels + channels) % 2 == 0});
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
