#include "runtime/layout/layout.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace pare {
namespace {

Shape MakeShape(std::initializer_list<int64_t> dims) {
  Shape s;
  for (int64_t d : dims) EXPECT_TRUE(s.Push(d));
  return s;
}

template <class T>
std::vector<T> Counting(size_t n) {
  std::vector<T> v(n);
  for (size_t i = 0; i < n; ++i) v[i] = static_cast<T>(i + 1);
  return v;
}

TEST(Layout, T16F32PutsOneKOfSixteenRowsInACell) {
  constexpr size_t n = 18, k = 3;
  const auto w = Counting<float>(n * k);
  std::vector<float> packed(PackedBytesT16(DType::kF32, n, k) / sizeof(float), -1.f);
  PackT16(DType::kF32, w.data(), n, k, packed.data());
  ASSERT_EQ(packed.size(), 2 * 16 * k);
  for (size_t row = 0; row < 32; ++row) {
    for (size_t i = 0; i < k; ++i)
      EXPECT_EQ(packed[row / 16 * 16 * k + i * 16 + row % 16], row < n ? w[row * k + i] : 0.f);
  }
}

TEST(Layout, T16F16PutsTwoKInALane) {
  constexpr size_t n = 17, k = 3;
  const auto w = Counting<uint16_t>(n * k);
  std::vector<uint16_t> packed(PackedElementsT16(DType::kF16, n, k), 0xffff);
  PackT16(DType::kF16, w.data(), n, k, packed.data());
  ASSERT_EQ(packed.size(), 32u * 4);
  EXPECT_EQ(packed[0], w[0]);
  EXPECT_EQ(packed[1], w[1]);
  EXPECT_EQ(packed[2], w[k]);
  EXPECT_EQ(packed[32], w[2]);
  EXPECT_EQ(packed[33], 0);  // k padded to 2
  EXPECT_EQ(packed[64], w[16 * k]);
}

TEST(Layout, PackingIsUndone) {
  for (size_t n : {1, 5, 16, 17, 48}) {
    for (size_t k : {1, 2, 7, 16, 33}) {
      const auto w = Counting<float>(n * k);
      std::vector<float> packed(PackedElementsT16(DType::kF32, n, k)), back(n * k);
      PackT16(DType::kF32, w.data(), n, k, packed.data());
      UnpackT16(DType::kF32, packed.data(), n, k, back.data());
      EXPECT_EQ(w, back);
      const auto h = Counting<uint16_t>(n * k);
      std::vector<uint16_t> packed_h(PackedElementsT16(DType::kBF16, n, k)), back_h(n * k);
      PackT16(DType::kBF16, h.data(), n, k, packed_h.data());
      UnpackT16(DType::kBF16, packed_h.data(), n, k, back_h.data());
      EXPECT_EQ(h, back_h);
      packed.resize(PackedBytesDepthwise16(DType::kF32, n, k) / sizeof(float));
      PackDepthwise16(DType::kF32, w.data(), n, k, packed.data());
      back.assign(n * k, 0);
      UnpackDepthwise16(DType::kF32, packed.data(), n, k, back.data());
      EXPECT_EQ(w, back);
    }
  }
}

TEST(Layout, RowsAndColumnsPackAlike) {
  constexpr size_t n = 21, k = 19;
  const auto w = Counting<float>(n * k);
  std::vector<float> columns(n * k), a(PackedElementsT16(DType::kF32, n, k)), b(a.size(), 9.f);
  for (size_t r = 0; r < n; ++r) {
    for (size_t i = 0; i < k; ++i) columns[i * n + r] = w[r * k + i];
  }
  PackRowsT16(w.data(), k, n, k, a.data());
  PackColumnsT16(columns.data(), n, n, k, b.data());
  EXPECT_EQ(a, b);
}

TEST(Layout, BytesFollowFromLayoutTypeAndShape) {
  uint64_t bytes = 0;
  ASSERT_TRUE(PackedBytes(Layout::kT16, DType::kF32, MakeShape({18, 3, 3, 5}), &bytes));
  EXPECT_EQ(bytes, 32u * 45 * 4);
  ASSERT_TRUE(PackedBytes(Layout::kT16, DType::kF16, MakeShape({18, 45}), &bytes));
  EXPECT_EQ(bytes, 32u * 46 * 2);
  ASSERT_TRUE(PackedBytes(Layout::kDepthwise16, DType::kF32, MakeShape({24, 3, 3, 1}), &bytes));
  EXPECT_EQ(bytes, 32u * 9 * 4);
  ASSERT_TRUE(PackedBytes(Layout::kPlain, DType::kI8, MakeShape({3, 5}), &bytes));
  EXPECT_EQ(bytes, 15u);
  ASSERT_TRUE(PackedBytes(Layout::kT16, DType::kF32, MakeShape({0, 7}), &bytes));
  EXPECT_EQ(bytes, 0u);
}

TEST(Layout, RefusesWhatItCannotHold) {
  uint64_t bytes;
  EXPECT_FALSE(PackedBytes(Layout::kT16, DType::kI32, MakeShape({4, 4}), &bytes));
  EXPECT_FALSE(PackedBytes(Layout::kT16, DType::kF32, MakeShape({4}), &bytes));
  EXPECT_FALSE(PackedBytes(Layout::kT16, DType::kF32, MakeShape({4, -1}), &bytes));
  EXPECT_FALSE(PackedBytes(Layout::kT16, DType::kF32, MakeShape({1ll << 40, 1ll << 40}), &bytes));
  EXPECT_FALSE(PackedBytes(Layout::kT16, DType::kF16, MakeShape({1ll << 58, 1}), &bytes));
  EXPECT_FALSE(PackedBytes(Layout::kDepthwise16, DType::kF32, MakeShape({4, 3, 3, 2}), &bytes));
  EXPECT_FALSE(PackedBytes(static_cast<Layout>(99), DType::kF32, MakeShape({4, 4}), &bytes));
}

}  // namespace
}  // namespace pare
