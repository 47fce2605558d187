#include <cmath>

#include "tests/support/op_test.h"

namespace pare {
namespace {

TEST(Quantize, RoundsHalfToEvenAndBounds) {
  test::OpTest<fb::QuantizeT> t;
  std::vector<float> x = {0.f,  0.25f,  0.75f, 1.25f,     -0.25f,
                          -4.f, -100.f, 1e30f, -INFINITY, INFINITY};
  while (x.size() < 37) x.push_back(static_cast<float>(x.size()));
  t.In<float>({static_cast<int64_t>(x.size())}, x).Quantized(0.5f, 8);
  ASSERT_TRUE(t.Run());
  const std::vector<uint8_t> y = t.Values<uint8_t>(0);
  const std::vector<uint8_t> head = {8, 8, 10, 10, 8, 0, 0, 255, 0, 255};
  EXPECT_EQ(std::vector<uint8_t>(y.begin(), y.begin() + 10), head);
  for (size_t i = 10; i < x.size(); ++i) EXPECT_EQ(y[i], 8 + 2 * i);
}

TEST(Quantize, ChangesTheScale) {
  std::vector<uint8_t> q(256);
  for (size_t i = 0; i < q.size(); ++i) q[i] = static_cast<uint8_t>(i);
  test::OpTest<fb::QuantizeT> t;
  t.InQuantized({256}, q, 0.1f, 10).Quantized(0.25f, 30);
  ASSERT_TRUE(t.Run());
  for (int i = 0; i < 256; ++i)
    EXPECT_NEAR(t.Values<uint8_t>(0)[static_cast<size_t>(i)],
                std::fmin(0.1 * (i - 10) / 0.25 + 30, 255), 0.5001);
}

TEST(Quantize, NeedsAScale) {
  test::OpTest<fb::QuantizeT> t;
  t.In<float>({2}, {1, 2});
  EXPECT_EQ(t.TryRun().code, Code::kCorrupt);
}

TEST(Dequantize, GivesTheNumbersBack) {
  std::vector<uint8_t> q(100);
  for (size_t i = 0; i < q.size(); ++i) q[i] = static_cast<uint8_t>(i * 5);
  test::OpTest<fb::DequantizeT> t;
  t.InQuantized({4, 25}, q, 0.5f, 40);
  ASSERT_TRUE(t.Run());
  for (size_t i = 0; i < q.size(); ++i)
    EXPECT_EQ(t.Values<float>(0)[i], 0.5f * static_cast<float>(q[i] - 40));
}

TEST(Dequantize, RefusesPlainBytes) {
  test::OpTest<fb::DequantizeT> t;
  t.In<uint8_t>({2}, {1, 2});
  EXPECT_EQ(t.TryRun().code, Code::kUnsupported);
}

}  // namespace
}  // namespace pare
