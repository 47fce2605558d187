#include <cstdint>
#include <vector>

#include "runtime/layout/layout.h"
#include "tests/support/op_test.h"

namespace pare::test {
namespace {

fb::GatherT Axis(int64_t axis) {
  fb::GatherT attributes;
  attributes.axis = axis;
  return attributes;
}

TEST(Gather, TakesRows) {
  OpTest<fb::GatherT> t(Axis(0));
  t.In<float>({3, 2}, {1, 2, 3, 4, 5, 6}).In<int64_t>({2, 2}, {2, 0, -1, 1});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (std::vector<int64_t>{2, 2, 2}));
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{5, 6, 1, 2, 5, 6, 3, 4}));
}

TEST(Gather, TakesColumnsByAScalar) {
  OpTest<fb::GatherT> t(Axis(-1));
  t.In<int64_t>({2, 3}, {1, 2, 3, 4, 5, 6}).In<int32_t>({}, {-2});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (std::vector<int64_t>{2}));
  EXPECT_EQ(t.Values<int64_t>(0), (std::vector<int64_t>{2, 5}));
}

TEST(Gather, MovesEveryElementSize) {
  OpTest<fb::GatherT> bytes(Axis(0));
  bytes.In<uint8_t>({4}, {1, 2, 3, 4}).In<int64_t>({2}, {3, 0});
  ASSERT_TRUE(bytes.Run());
  EXPECT_EQ(bytes.Values<uint8_t>(0), (std::vector<uint8_t>{4, 1}));
  OpTest<fb::GatherT> words(Axis(0));
  words.In<int16_t>({4}, {1, 2, 3, 4}).In<int64_t>({2}, {3, 0});
  ASSERT_TRUE(words.Run());
  EXPECT_EQ(words.Values<int16_t>(0), (std::vector<int16_t>{4, 1}));
}

TEST(Gather, ReadsRowsOutOfPackedWeights) {
  constexpr int64_t kRows = 37, kColumns = 5;
  std::vector<float> rows(kRows * kColumns);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i);
  converter::Weight weight;
  weight.name = "table";
  weight.shape = ShapeOf({kRows, kColumns});
  weight.layout = Layout::kT16;
  std::byte* packed;
  weight.bytes = converter::Bytes::Allocate(PackedBytesT16(DType::kF32, kRows, kColumns), &packed);
  PackT16(DType::kF32, rows.data(), kRows, kColumns, packed);
  OpTest<fb::GatherT> t(Axis(0));
  t.Const(std::move(weight)).In<int64_t>({3}, {36, 0, -20});
  ASSERT_TRUE(t.Run());
  const std::vector<float> y = t.Values<float>(0);
  for (int64_t k = 0; k < kColumns; ++k) {
    EXPECT_EQ(y[k], rows[36 * kColumns + k]);
    EXPECT_EQ(y[kColumns + k], rows[k]);
    EXPECT_EQ(y[2 * kColumns + k], rows[17 * kColumns + k]);
  }
}

TEST(Gather, TakesNothing) {
  OpTest<fb::GatherT> t(Axis(0));
  t.In<float>({3, 2}, {1, 2, 3, 4, 5, 6}).In<int64_t>({0}, {});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (std::vector<int64_t>{0, 2}));
}

TEST(Gather, RejectsAnIndexOutside) {
  for (const int64_t index : {int64_t{3}, int64_t{-4}, INT64_MIN, INT64_MAX}) {
    OpTest<fb::GatherT> t(Axis(0));
    t.In<float>({3}, {1, 2, 3}).In<int64_t>({1}, {index});
    EXPECT_EQ(t.TryRun().code, Code::kInvalidArgument);
  }
}

TEST(Gather, RejectsABadAxisAndType) {
  OpTest<fb::GatherT> axis(Axis(2));
  axis.In<float>({3, 1}, {1, 2, 3}).In<int64_t>({1}, {0});
  EXPECT_EQ(axis.TryRun().code, Code::kShape);
  OpTest<fb::GatherT> type(Axis(0));
  type.In<float>({3}, {1, 2, 3}).In<float>({1}, {0});
  EXPECT_EQ(type.TryRun().code, Code::kShape);
}

}  // namespace
}  // namespace pare::test
