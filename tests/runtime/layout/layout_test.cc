#include "runtime/layout/layout.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
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

TEST(Layout, Int8T16PutsFourKInALaneBehindScalesAndSums) {
  const Shape shape = MakeShape({17, 6});
  const auto q = Counting<int8_t>(17 * 6);
  std::vector<float> scales = Counting<float>(17);
  uint64_t bytes;
  ASSERT_TRUE(PackedBytes(Layout::kInt8T16, DType::kF32, shape, &bytes));
  ASSERT_EQ(bytes, 2 * (128 + 2 * 64));
  std::vector<int8_t> packed(bytes, 0x55);
  PackInt8(Layout::kInt8T16, q.data(), scales.data(), shape, packed.data());
  int32_t sum;
  std::memcpy(&sum, &packed[64 + 4], sizeof sum);
  EXPECT_EQ(sum, 7 + 8 + 9 + 10 + 11 + 12);
  EXPECT_EQ(packed[128], 1);           // row 0, k 0
  EXPECT_EQ(packed[128 + 4 + 3], 10);  // row 1, k 3
  EXPECT_EQ(packed[192 + 1], 6);       // row 0, k 5
  EXPECT_EQ(packed[192 + 2], 0);       // padding
  EXPECT_EQ(packed[256 + 128], 97);    // row 16
  EXPECT_EQ(packed[256 + 128 + 4], 0);
}

TEST(Layout, Int8TapsArePixelsOrLines) {
  EXPECT_EQ(Int8TapsOf(MakeShape({8, 3, 3, 16})).taps, 9u);
  EXPECT_EQ(Int8TapsOf(MakeShape({8, 3, 3, 16})).k, 16u);
  EXPECT_EQ(Int8TapsOf(MakeShape({8, 3, 5, 3})).taps, 3u);
  EXPECT_EQ(Int8TapsOf(MakeShape({8, 3, 5, 3})).k, 15u);
  EXPECT_EQ(Int8TapsOf(MakeShape({8, 7})).taps, 1u);
}

TEST(Layout, Int8Depthwise16PutsFourRowsOfAColumnInALane) {
  const Shape shape = MakeShape({17, 5, 3, 1});
  const auto q = Counting<int8_t>(17 * 15);
  const auto scales = Counting<float>(17);
  uint64_t bytes;
  ASSERT_TRUE(PackedBytes(Layout::kInt8Depthwise16, DType::kF32, shape, &bytes));
  ASSERT_EQ(bytes, 2u * (128 + 3 * 2 * 64));
  std::vector<int8_t> packed(bytes, 0x55);
  PackInt8(Layout::kInt8Depthwise16, q.data(), scales.data(), shape, packed.data());
  EXPECT_EQ(packed[128], q[0]);                    // channel 0, row 0, column 0
  EXPECT_EQ(packed[128 + 3], q[9]);                // row 3
  EXPECT_EQ(packed[128 + 64], q[12]);              // row 4
  EXPECT_EQ(packed[128 + 64 + 1], 0);              // row 5 is not there
  EXPECT_EQ(packed[128 + 2 * 64 + 4], q[15 + 1]);  // channel 1, row 0, column 1
  EXPECT_EQ(packed[bytes / 2 + 128], q[16 * 15]);  // channel 16
  EXPECT_TRUE(Int8WindowOf(MakeShape({8, 9, 1})).turned);
  EXPECT_EQ(Int8WindowOf(MakeShape({8, 9, 1})).BlockBytes(), 128u + 3 * 64);
}

TEST(Layout, PackingInt8IsUndone) {
  for (const Shape& shape :
       {MakeShape({5, 7}), MakeShape({33, 3, 3, 5}), MakeShape({16, 3, 2, 8}),
        MakeShape({20, 3, 3, 1}), MakeShape({18, 2, 3, 5, 1}), MakeShape({4, 6, 1})}) {
    for (Layout layout : {Layout::kInt8T16, Layout::kInt8Depthwise16}) {
      uint64_t bytes;
      const bool fits = layout == Layout::kInt8T16 || shape[shape.rank - 1] == 1;
      ASSERT_EQ(PackedBytes(layout, DType::kF32, shape, &bytes), fits);
      if (!fits) continue;
      EXPECT_EQ(bytes % 64, 0u);
      const auto q = Counting<int8_t>(static_cast<size_t>(shape.Elements()));
      const auto scales = Counting<float>(static_cast<size_t>(shape[0]));
      std::vector<std::byte> packed(bytes);
      PackInt8(layout, q.data(), scales.data(), shape, packed.data());
      std::vector<int8_t> back(q.size());
      std::vector<float> back_scales(scales.size()), values(q.size());
      UnpackInt8(layout, packed.data(), shape, back.data(), back_scales.data());
      EXPECT_EQ(back, q);
      EXPECT_EQ(back_scales, scales);
      DecodeLowBit(layout, packed.data(), shape, values.data());
      const size_t k = q.size() / scales.size();
      for (size_t i = 0; i < q.size(); ++i) ASSERT_EQ(values[i], scales[i / k] * q[i]);
    }
  }
}

TEST(Layout, Int4PutsEightKInALaneBehindTwoGroupsOfScales) {
  const Shape shape = MakeShape({17, 96});
  std::vector<uint8_t> nibbles(17 * 96);
  for (size_t i = 0; i < nibbles.size(); ++i) nibbles[i] = static_cast<uint8_t>(i % 13);
  std::vector<uint16_t> scales(17 * 3), minima(17 * 3);
  for (size_t i = 0; i < scales.size(); ++i) {
    scales[i] = FloatToHalf(static_cast<float>(i));
    minima[i] = FloatToHalf(-static_cast<float>(i));
  }
  for (Layout layout : {Layout::kInt4G32, Layout::kUint4G32}) {
    const size_t header = layout == Layout::kUint4G32 ? 128 : 64;
    uint64_t bytes;
    ASSERT_TRUE(PackedBytes(layout, DType::kF32, shape, &bytes));
    ASSERT_EQ(bytes, 2 * (header + 8 * 64 + header + 4 * 64));
    std::vector<uint8_t> packed(bytes, 0x55);
    PackInt4(layout, nibbles.data(), scales.data(), minima.data(), shape, packed.data());
    uint16_t half;
    std::memcpy(&half, &packed[32 + 2], sizeof half);  // group 1 of row 1
    EXPECT_EQ(HalfToFloat(half), 4);
    std::memcpy(&half, &packed[header + 8 * 64 + 2 * 5], sizeof half);  // group 2 of row 5
    EXPECT_EQ(HalfToFloat(half), 17);
    const size_t i = 3 * 96 + 9;  // row 3, k 9 and 13
    EXPECT_EQ(packed[header + 64 + 4 * 3 + 1], nibbles[i] | nibbles[i + 4] << 4);
    std::vector<float> values(nibbles.size());
    DecodeLowBit(layout, packed.data(), shape, values.data());
    for (size_t j = 0; j < values.size(); ++j) {
      const auto scale = static_cast<float>(j / 32), nibble = static_cast<float>(nibbles[j]);
      ASSERT_EQ(values[j], header == 64 ? scale * (nibble - 8) : scale * nibble - scale) << j;
    }
  }
}

TEST(Layout, Nf4PutsScalesBeforeThePanel) {
  const Shape shape = MakeShape({3, 1088});  // 17 groups: two blocks of scales
  std::vector<uint8_t> levels(3 * 1088), codes(3 * 17);
  for (size_t i = 0; i < levels.size(); ++i) levels[i] = static_cast<uint8_t>(i % 16);
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<uint8_t>(i);
  const Nf4Block blocks[] = {{1, 0.5f}, {2, 0.25f}};
  uint64_t bytes;
  ASSERT_TRUE(PackedBytes(Layout::kNf4G64, DType::kF32, shape, &bytes));
  ASSERT_EQ(bytes, 320u + 64 + 136 * 64);
  std::vector<uint8_t> packed(bytes, 0x55);
  PackNf4(levels.data(), codes.data(), blocks, shape, packed.data());
  EXPECT_EQ(packed[16 * 16 + 2], 2 * 17 + 16);  // row 2, the last group
  EXPECT_EQ(packed[384 + 64 + 4 * 2 + 1], levels[2 * 1088 + 9] | levels[2 * 1088 + 13] << 4);
  std::vector<float> values(levels.size());
  DecodeLowBit(Layout::kNf4G64, packed.data(), shape, values.data());
  EXPECT_EQ(values[0], -0.5f);
  EXPECT_EQ(values[1088 + 15], 17.5f);
  EXPECT_EQ(values[2 * 1088 + 1024], -(2 * 50 + 0.25f));
}

TEST(Layout, GroupsDivideRows) {
  uint64_t bytes;
  EXPECT_FALSE(PackedBytes(Layout::kInt4G32, DType::kF32, MakeShape({4, 48}), &bytes));
  EXPECT_FALSE(PackedBytes(Layout::kUint4G128, DType::kF32, MakeShape({4, 192}), &bytes));
  EXPECT_FALSE(PackedBytes(Layout::kNf4G64, DType::kF32, MakeShape({4, 96}), &bytes));
  EXPECT_FALSE(PackedBytes(Layout::kNf4G64, DType::kF16, MakeShape({4, 64}), &bytes));
  EXPECT_TRUE(PackedBytes(Layout::kNf4G64, DType::kF32, MakeShape({0, 64}), &bytes));
}

TEST(Layout, LowBitLayoutsAreOfFloats) {
  uint64_t bytes;
  EXPECT_FALSE(PackedBytes(Layout::kInt8T16, DType::kF16, MakeShape({4, 4}), &bytes));
  EXPECT_FALSE(PackedBytes(Layout::kInt8T16, DType::kI8, MakeShape({4, 4}), &bytes));
  EXPECT_FALSE(PackedBytes(Layout::kInt8T16, DType::kF32, MakeShape({4}), &bytes));
  EXPECT_FALSE(
      PackedBytes(Layout::kInt8T16, DType::kF32, MakeShape({int64_t{1} << 40, 1 << 20}), &bytes));
}

}  // namespace
}  // namespace pare
