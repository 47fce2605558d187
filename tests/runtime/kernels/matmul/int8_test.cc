// Every int8 row of kernels.inc that the level of PARE_CPU allows: quantized results are those of
// the contract bit for bit, float ones within the tolerance.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "runtime/core/tensor.h"
#include "runtime/kernels/matmul/matmul.h"
#include "runtime/layout/layout.h"
#include "tests/support/aligned.h"
#include "tests/support/random.h"
#include "tests/support/tolerance.h"

namespace pare {
namespace {

using test::Aligned;
using test::Allocate;
using test::Random;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr uint8_t kUntouched = 0xa5;

struct Case {
  size_t rows, n, k, taps;
  bool quantize, bias, addend, extreme;  // extreme: sums as large as they get
  bool even = false;                     // the rows of a tap lie in one piece
};

// A product, its operands and what the contract says of it.
class Product {
 public:
  explicit Product(const Case& c) : c_(c), k_(c.k * c.taps) {
    const double least = c.extreme ? 127 : -127, dark = c.extreme ? 255 : 0;
    q_ = Random<int8_t>(c.n * k_, least, 127, 1);
    scales_ = Random<float>(c.n, 0.001, 0.01, 2);
    bias_ = Random<float>(c.n, -1, 1, 3);
    Shape shape{
        4, {static_cast<int64_t>(c.n), static_cast<int64_t>(c.taps), 1, static_cast<int64_t>(c.k)}};
    // Taps are pixels where channels fill cells; one line a tap otherwise.
    if (c.k % 4 != 0) shape = {4, {shape[0], shape[1], shape[3], 1}};
    uint64_t bytes;
    EXPECT_TRUE(PackedBytes(Layout::kInt8T16, DType::kF32, shape, &bytes));
    packed_ = Allocate(bytes);
    PackInt8(Layout::kInt8T16, q_.data(), scales_.data(), shape, packed_.get());
    panel_bytes_ = Int8PanelBytes(Int8TapsOf(shape).Cells());
    EXPECT_EQ(Int8TapsOf(shape).taps, c.taps);
    for (size_t i = 0; i < c.taps * c.rows; ++i) {
      a_.push_back(Random<uint8_t>(c.k + 3, dark, 255, static_cast<unsigned>(10 + i)));
      pointers_.push_back(a_.back().data());
    }
    if (c.even) PlaceEvenly();
    a_scale_ = Random<float>(c.rows, 0.01, 0.02, 4);
    a_zero_ = Random<int32_t>(c.rows, 0, 255, 5);
    u8_addend_ = Random<uint8_t>(c.rows * AddendStride(), 0, 255, 6);
    f32_addend_ = Random<float>(c.rows * AddendStride(), -1, 1, 7);
    quant_.a_scale = a_scale_.data();
    quant_.a_zero = a_zero_.data();
    quant_.a_step = c.quantize ? 0 : 1;
    quant_.quantize = c.quantize;
    quant_.ratio = c.extreme ? 1e-4f : 0.7f;
    quant_.inverse = 20;
    quant_.addend_ratio = 0.6f;
    quant_.addend_zero = 120;
    quant_.lower = -90;
    quant_.upper = 120;
    quant_.zero = 100;
  }
  size_t AddendStride() const { return c_.n + 2; }
  size_t Stride() const { return c_.n + 5; }

  void Check(const MatmulKernel& kernel) const {
    std::vector<uint8_t> bytes(c_.rows * Stride() * (c_.quantize ? 1 : 4), kUntouched);
    MatmulArgs args{};
    args.a = pointers_.data();
    args.rows = c_.rows;
    args.taps = c_.taps;
    args.k = c_.k;
    args.b = args.next = packed_.get();
    args.panel_bytes = panel_bytes_;
    args.n = c_.n;
    args.c = bytes.data();
    args.c_stride = Stride();
    args.bias = c_.bias ? bias_.data() : nullptr;
    if (c_.addend)
      args.addend = c_.quantize ? static_cast<const void*>(u8_addend_.data()) : f32_addend_.data();
    args.addend_stride = AddendStride();
    args.alpha = 0.5f;
    args.lower = -2;
    args.upper = kInfinity;
    args.quant = &quant_;
    kernel.run(args);
    for (size_t i = 0; i < c_.rows; ++i) {
      for (size_t j = 0; j < c_.n; ++j) {
        const size_t at = i * Stride() + j;
        if (c_.quantize) {
          ASSERT_EQ(int{bytes[at]}, Quantized(i, j)) << Where(kernel, i, j);
          continue;
        }
        float y;
        std::memcpy(&y, &bytes[at * 4], sizeof y);
        double magnitude;
        const double want = Float(i, j, &magnitude);
        ASSERT_TRUE(test::IsClose(y, want, "Matmul", magnitude + 2))
            << Where(kernel, i, j) << y << " for " << want;
      }
      const size_t width = c_.quantize ? 1 : 4;
      for (size_t b = (i * Stride() + c_.n) * width; b < (i + 1) * Stride() * width; ++b)
        ASSERT_EQ(bytes[b], kUntouched) << kernel.name << " wrote behind column " << c_.n;
    }
  }

 private:
  void PlaceEvenly() {
    const size_t stride = c_.k + 5;
    even_.resize(a_.size() * stride);
    for (size_t i = 0; i < a_.size(); ++i) {
      std::copy(a_[i].begin(), a_[i].end(), &even_[i * stride]);
      pointers_[i] = &even_[i * stride];
    }
  }
  std::string Where(const MatmulKernel& kernel, size_t i, size_t j) const {
    return std::string(kernel.name) + " rows " + std::to_string(c_.rows) + " n " +
           std::to_string(c_.n) + " k " + std::to_string(c_.k) + " taps " +
           std::to_string(c_.taps) + " at " + std::to_string(i) + "," + std::to_string(j) + ": ";
  }
  int64_t Exact(size_t i, size_t j, int32_t zero) const {
    int64_t sum = 0;
    for (size_t t = 0; t < c_.taps; ++t) {
      for (size_t k = 0; k < c_.k; ++k)
        sum += (a_[t * c_.rows + i][k] - zero) * q_[j * k_ + t * c_.k + k];
    }
    return sum;
  }
  int Quantized(size_t i, size_t j) const {
    const float factor = scales_[j] * quant_.ratio, term = c_.bias ? bias_[j] * quant_.inverse : 0;
    float y = std::fma(static_cast<float>(Exact(i, j, a_zero_[0])), factor, term);
    if (c_.addend) {
      const int x = u8_addend_[i * AddendStride() + j] - quant_.addend_zero;
      y = std::fma(static_cast<float>(x), quant_.addend_ratio, y);
    }
    y = std::fmin(std::fmax(y, quant_.lower), quant_.upper);
    return static_cast<int>(std::nearbyint(y)) + quant_.zero;
  }
  double Float(size_t i, size_t j, double* magnitude) const {
    const double exact =
        static_cast<double>(Exact(i, j, a_zero_[i])) * a_scale_[i] * scales_[j] * 0.5;
    *magnitude = std::fabs(exact);
    const double y =
        exact + (c_.bias ? bias_[j] : 0) + (c_.addend ? f32_addend_[i * AddendStride() + j] : 0);
    return std::fmax(y, -2);
  }

  Case c_;
  size_t k_, panel_bytes_;
  std::vector<int8_t> q_;
  std::vector<float> scales_, bias_, a_scale_, f32_addend_;
  std::vector<int32_t> a_zero_;
  std::vector<uint8_t> u8_addend_;
  std::vector<std::vector<uint8_t>> a_;
  std::vector<uint8_t> even_;
  std::vector<const void*> pointers_;
  Aligned packed_;
  MatmulQuant quant_{};
};

std::vector<MatmulKernel> Kernels() {
  size_t count;
  const MatmulKernel* rows = MatmulKernels(&count);
  std::vector<MatmulKernel> usable;
  for (size_t i = 0; i < count; ++i) {
    if ((rows[i].needs & ~HostCpu()) == 0 && rows[i].layout == Layout::kInt8T16)
      usable.push_back(rows[i]);
  }
  return usable;
}

TEST(Int8MatmulKernels, EveryTileOfEveryRow) {
  for (const MatmulKernel& kernel : Kernels()) {
    // Of a kernel of several tiles of 16 rows: all of the first, some of the others.
    for (size_t rows = 1; rows <= kernel.mr; rows += rows < 18 ? 1 : 15) {
      for (size_t n = 1; n <= kernel.nr; ++n)
        Product({rows, n, 12, 1, n % 2 == 0, n % 3 == 0, n % 5 == 0, false, n % 7 == 0})
            .Check(kernel);
    }
  }
}

TEST(Int8MatmulKernels, EveryDepth) {
  for (const MatmulKernel& kernel : Kernels()) {
    for (bool quantize : {false, true}) {
      for (size_t k = 1; k <= 40; ++k)
        Product({kernel.mr, kernel.nr, k, 1, quantize, true, true, false}).Check(kernel);
      for (size_t k : {32, 60, 63, 64, 65, 97, 128, 512, 513, 600, 1100})
        Product({kernel.mr, kernel.nr, k, 1, quantize, true, true, false, k % 3 != 0})
            .Check(kernel);
    }
  }
}

TEST(Int8MatmulKernels, TheLargestSumsAreExact) {
  for (const MatmulKernel& kernel : Kernels()) {
    Product({kernel.mr, kernel.nr, 4096, 1, true, true, false, true}).Check(kernel);
    Product({kernel.mr, kernel.nr, 4096, 1, false, true, false, true}).Check(kernel);
  }
}

TEST(Int8MatmulKernels, TapsReadTheirOwnRowsAndWeights) {
  for (const MatmulKernel& kernel : Kernels()) {
    for (size_t taps : {2, 3, 9}) {
      for (size_t k : {3, 4, 8, 21, 32, 64, 80}) {
        for (bool even : {false, true}) {
          // A tile whose last rows are fewer than the others.
          const size_t rows = kernel.mr > 2 ? kernel.mr - 2 : kernel.mr;
          Product({rows, kernel.nr, k, taps, true, true, true, false, even}).Check(kernel);
        }
      }
    }
  }
}

}  // namespace
}  // namespace pare
