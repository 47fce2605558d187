// Every int8 row of kernels.inc that the level of PARE_CPU allows gives the bytes of the scalar
// one, and that one those of the contract.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "runtime/kernels/depthwise/depthwise.h"
#include "runtime/layout/layout.h"
#include "tests/support/aligned.h"
#include "tests/support/random.h"

namespace pare {
namespace {

using test::Aligned;
using test::Allocate;
using test::Random;

constexpr uint8_t kUntouched = 0xa5;

struct Case {
  size_t channels, rows, columns, pixels, lines;  // rows and columns of the window
  size_t stride, dilation, step;
  bool quantize, extras, extreme;  // extreme: sums and results as large as they get
};

class Layer {
 public:
  explicit Layer(const Case& c) : c_(c) {
    const Shape shape{4,
                      {static_cast<int64_t>(c.channels), static_cast<int64_t>(c.rows),
                       static_cast<int64_t>(c.columns), 1}};
    uint64_t bytes;
    EXPECT_TRUE(PackedBytes(Layout::kInt8Depthwise16, DType::kF32, shape, &bytes));
    packed_ = Allocate(bytes);
    const size_t taps = c.rows * c.columns;
    const auto q = Random<int8_t>(c.channels * taps, c.extreme ? 127 : -127, 127, 1);
    const auto scales = Random<float>(c.channels, 0.001, 0.01, 2);
    PackInt8(Layout::kInt8Depthwise16, q.data(), scales.data(), shape, packed_.get());
    bias_ = Random<float>(c.channels, -1, 1, 3);
    columns_ = (c.pixels - 1) * c.stride + (c.columns - 1) * c.dilation + 1;
    // Lines begin a column before the input and end one behind it; some are missing.
    width_ = columns_ * c.step > 2 ? columns_ * c.step - 2 : 1;
    x_ = Random<uint8_t>(c.lines * c.rows * width_ * c.channels, c.extreme ? 255 : 0, 255, 4);
    padding_.assign(c.channels, 93);
    for (size_t i = 0; i < c.lines * c.rows; ++i) {
      const bool missing = i % 5 == 3;
      const auto count = static_cast<ptrdiff_t>(columns_), step = static_cast<ptrdiff_t>(c.step);
      const ptrdiff_t end = (static_cast<ptrdiff_t>(width_) + 1 + step - 1) / step;
      rows_.push_back({missing ? nullptr : x_.data() + i * width_ * c.channels, -1, 1,
                       static_cast<size_t>(end < count ? end : count)});
    }
    const size_t outputs = c.lines * c.pixels * c.channels;
    u8_addend_ = Random<uint8_t>(outputs, 0, 255, 5);
    f32_addend_ = Random<float>(outputs, -1, 1, 6);
    quant_.a_scale = &scale_;
    quant_.a_zero = &zero_;
    quant_.quantize = c.quantize;
    quant_.ratio = c.extreme ? 1e9f : 0.7f;
    quant_.inverse = 20;
    quant_.addend_ratio = 0.6f;
    quant_.addend_zero = 120;
    quant_.lower = c.extras ? -90 : -100;
    quant_.upper = c.extras ? 120 : 155;
    quant_.zero = 100;
  }

  std::vector<uint8_t> Run(const DepthwiseInt8Kernel& kernel) const {
    const size_t outputs = c_.lines * c_.pixels * c_.channels;
    std::vector<uint8_t> y(outputs * (c_.quantize ? 1 : sizeof(float)) + 64, kUntouched);
    const Aligned scratch =
        Allocate(DepthwiseInt8Scratch(kernel, columns_, c_.rows, c_.columns) + 64);
    DepthwiseInt8Args args{};
    args.rows = rows_.data();
    args.lines = c_.lines;
    args.pixels = c_.pixels;
    args.kernel_rows = c_.rows;
    args.kernel_columns = c_.columns;
    args.columns = columns_;
    args.stride = c_.stride;
    args.dilation = c_.dilation;
    args.step = c_.step;
    args.padding = padding_.data();
    args.channels = c_.channels;
    args.w = packed_.get();
    args.c = y.data();
    args.bias = c_.extras ? bias_.data() : nullptr;
    if (c_.extras)
      args.addend = c_.quantize ? static_cast<const void*>(u8_addend_.data()) : f32_addend_.data();
    args.lower = c_.extras ? -2 : -std::numeric_limits<float>::infinity();
    args.upper = c_.extras ? 3 : std::numeric_limits<float>::infinity();
    args.quant = &quant_;
    args.scratch = scratch.get();
    kernel.run(args);
    return y;
  }

 private:
  Case c_;
  Aligned packed_;
  std::vector<float> bias_, f32_addend_;
  std::vector<uint8_t> x_, padding_, u8_addend_;
  std::vector<DepthwiseRow> rows_;
  size_t columns_, width_;
  float scale_ = 0.02f;
  int32_t zero_ = 93;
  MatmulQuant quant_{};
};

void Check(const Case& c) {
  size_t count;
  const DepthwiseInt8Kernel* rows = DepthwiseInt8Kernels(&count);
  const Layer layer(c);
  const std::vector<uint8_t> want = layer.Run(rows[count - 1]);
  for (size_t r = 0; r + 1 < count; ++r) {
    if ((rows[r].needs & ~HostCpu()) != 0) continue;
    ASSERT_EQ(layer.Run(rows[r]), want)
        << rows[r].name << " channels " << c.channels << " window " << c.rows << " x " << c.columns
        << " pixels " << c.pixels << " stride " << c.stride;
  }
}

TEST(DepthwiseInt8Kernels, ChannelsAndWindows) {
  for (size_t channels : {1, 15, 16, 17, 32, 40, 64, 72, 100, 144}) {
    for (size_t rows : {1, 3, 4, 5}) {
      for (size_t columns : {1, 3, 5}) {
        if (rows == 1 && columns > 1) continue;  // such a window is turned
        for (bool quantize : {true, false})
          Check({channels, rows, columns, 7, 2, 1, 1, 1, quantize, channels % 2 == 0, false});
      }
    }
  }
}

TEST(DepthwiseInt8Kernels, PixelsStridesAndDilations) {
  for (size_t pixels = 1; pixels <= 9; ++pixels) {
    for (size_t stride : {1, 2, 3}) {
      for (size_t dilation : {1, 2}) {
        for (size_t step : {1, 2})
          Check({80, 3, 3, pixels, 3, stride, dilation, step, true, true, false});
      }
    }
  }
}

TEST(DepthwiseInt8Kernels, ExtremesSaturateAlike) {
  for (bool quantize : {true, false}) Check({70, 3, 3, 5, 1, 1, 1, 1, quantize, false, true});
}

TEST(DepthwiseInt8Kernels, NamesFollowTheGrammar) {
  size_t count;
  const DepthwiseInt8Kernel* rows = DepthwiseInt8Kernels(&count);
  for (size_t r = 0; r < count; ++r) {
    int channels;
    char isa[16];
    ASSERT_EQ(std::sscanf(rows[r].name, "depthwise_qu8_qs8_x%d_%15s", &channels, isa), 2);
    EXPECT_EQ(rows[r].channels, channels);
    EXPECT_STREQ(CpuLevelName(rows[r].needs), isa);
    EXPECT_NE(SelectDepthwiseInt8(rows[r].needs, 64), nullptr);
  }
}

}  // namespace
}  // namespace pare
