#include "converter/passes/quantize/int8_weight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "runtime/layout/layout.h"

namespace pare::converter {
namespace {

std::vector<float> Random(size_t n) {
  std::mt19937 random(5);
  std::vector<float> x(n);
  for (float& v : x) v = std::uniform_real_distribution<float>(-3, 3)(random);
  return x;
}

TEST(QuantizeRows, HalfAStepOffAtMost) {
  constexpr int64_t n = 5, k = 37;
  const std::vector<float> w = Random(n * k);
  for (bool per_tensor : {false, true}) {
    const Int8Rows rows = QuantizeRows(w.data(), n, k, per_tensor);
    for (size_t i = 0; i < w.size(); ++i) {
      const float scale = rows.scales[i / k];
      EXPECT_LE(std::fabs(w[i] - scale * rows.q[i]), scale * 0.501f);
    }
    EXPECT_EQ(rows.scales[0] == rows.scales[1], per_tensor);
  }
}

TEST(QuantizeRows, WhatCameQuantizedStaysBitForBit) {
  std::mt19937 random(6);
  for (int trial = 0; trial < 50; ++trial) {
    const float scale = std::uniform_real_distribution<float>(1e-4f, 0.1f)(random);
    std::vector<int8_t> q(64);
    std::vector<float> w(q.size());
    for (size_t i = 0; i < q.size(); ++i) {
      q[i] = static_cast<int8_t>(std::uniform_int_distribution<int>(-100, 100)(random));
      w[i] = scale * q[i];
    }
    q[3] = 1;  // no common factor
    w[3] = scale;
    const Int8Rows rows = QuantizeRows(w.data(), 1, static_cast<int64_t>(q.size()), false);
    EXPECT_EQ(rows.q, q);
    for (size_t i = 0; i < q.size(); ++i) EXPECT_EQ(rows.scales[0] * rows.q[i], w[i]);
  }
}

TEST(QuantizeRows, RowsOfZeros) {
  const std::vector<float> w(8, 0.0f);
  const Int8Rows rows = QuantizeRows(w.data(), 2, 4, false);
  EXPECT_EQ(rows.q, std::vector<int8_t>(8, 0));
  EXPECT_GT(rows.scales[1], 0);
}

TEST(Int8Weight, TransposesAndMultiplies) {
  float* data;
  Shape shape;
  (void)shape.Push(2);
  (void)shape.Push(3);
  const Weight w = Weight::Make("w", shape, &data);  // [k, n]
  const std::vector<float> values = {127, 1, 2, -64, 1, 127};
  std::copy(values.begin(), values.end(), data);
  const Weight packed = Int8Weight(w, Layout::kInt8T16, true, 0.5f, false);
  EXPECT_EQ(packed.shape[0], 3);
  EXPECT_EQ(packed.shape[1], 2);
  std::vector<float> rows(6);
  DecodeLowBit(packed.layout, packed.bytes.data, packed.shape, rows.data());
  EXPECT_THAT(rows, testing::Pointwise(testing::FloatNear(1e-3f),
                                       std::vector<float>{63.5f, -32, 0.5f, 0.5f, 1, 63.5f}));
}

TEST(CheckFinite, NamesTheLayer) {
  float* data;
  Shape shape;
  (void)shape.Push(2);
  const Weight w = Weight::Make("w", shape, &data);
  EXPECT_TRUE(CheckFinite(w, "layer").ok());
  data[1] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(CheckFinite(w, "conv7").message, testing::HasSubstr("layer 'conv7'"));
}

}  // namespace
}  // namespace pare::converter
