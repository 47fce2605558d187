// ScatterElements and ScatterNd, GatherElements and GatherNd.
#include <cstdint>
#include <vector>

#include "tests/support/op_test.h"

namespace pare::test {
namespace {

using Integers = std::vector<int64_t>;
using Floats = std::vector<float>;

TEST(GatherElements, FollowsIndices) {
  fb::GatherElementsT attributes;
  attributes.axis = 1;
  OpTest<fb::GatherElementsT> t(attributes);
  t.In<float>({2, 2}, {1, 2, 3, 4}).In<int64_t>({2, 2}, {0, 0, -1, 0});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (Floats{1, 1, 4, 3}));
  attributes.axis = 0;
  OpTest<fb::GatherElementsT> rows(attributes);
  rows.In<uint8_t>({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}).In<int32_t>({2, 3}, {1, 2, 0, 2, 0, 0});
  ASSERT_TRUE(rows.Run());
  EXPECT_EQ(rows.Values<uint8_t>(0), (std::vector<uint8_t>{4, 8, 3, 7, 2, 3}));
}

TEST(GatherElements, RejectsMisfits) {
  OpTest<fb::GatherElementsT> outside;
  outside.In<float>({2}, {1, 2}).In<int64_t>({1}, {2});
  EXPECT_EQ(outside.TryRun().code, Code::kInvalidArgument);
  OpTest<fb::GatherElementsT> larger;
  larger.In<float>({2, 1}, {1, 2}).In<int64_t>({1, 2}, {0, 0});
  EXPECT_EQ(larger.TryRun().code, Code::kShape);
}

TEST(GatherNd, TakesElementsAndSlices) {
  OpTest<fb::GatherNdT> elements;
  elements.In<float>({2, 2}, {1, 2, 3, 4}).In<int64_t>({2, 2}, {0, 0, 1, -1});
  ASSERT_TRUE(elements.Run());
  EXPECT_EQ(elements.Values<float>(0), (Floats{1, 4}));
  OpTest<fb::GatherNdT> slices;
  slices.In<float>({2, 2}, {1, 2, 3, 4}).In<int64_t>({2, 1, 1}, {1, 0});
  ASSERT_TRUE(slices.Run());
  EXPECT_EQ(slices.Shape(0), (Integers{2, 1, 2}));
  EXPECT_EQ(slices.Values<float>(0), (Floats{3, 4, 1, 2}));
}

TEST(GatherNd, StaysWithinItsBatch) {
  fb::GatherNdT attributes;
  attributes.batch_dims = 1;
  OpTest<fb::GatherNdT> t(attributes);
  t.In<float>({2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}).In<int64_t>({2, 1}, {1, 0});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{2, 2}));
  EXPECT_EQ(t.Values<float>(0), (Floats{2, 3, 4, 5}));
}

TEST(GatherNd, RejectsMisfits) {
  OpTest<fb::GatherNdT> outside;
  outside.In<float>({2, 2}, {1, 2, 3, 4}).In<int64_t>({1, 2}, {0, 2});
  EXPECT_EQ(outside.TryRun().code, Code::kInvalidArgument);
  OpTest<fb::GatherNdT> wide;
  wide.In<float>({2}, {1, 2}).In<int64_t>({1, 2}, {0, 0});
  EXPECT_EQ(wide.TryRun().code, Code::kShape);
}

TEST(ScatterElements, ReplacesAndReduces) {
  const auto scatter = [](fb::ScatterReduce reduce) {
    fb::ScatterElementsT attributes;
    attributes.axis = -1;
    attributes.reduce = reduce;
    OpTest<fb::ScatterElementsT> t(attributes);
    t.In<float>({1, 4}, {1, 2, 3, 4}).In<int64_t>({1, 3}, {1, -1, 1}).In<float>({1, 3}, {5, 6, 7});
    EXPECT_TRUE(t.Run());
    return t.Values<float>(0);
  };
  EXPECT_EQ(scatter(fb::ScatterReduce::None), (Floats{1, 7, 3, 6}));
  EXPECT_EQ(scatter(fb::ScatterReduce::Add), (Floats{1, 14, 3, 10}));
  EXPECT_EQ(scatter(fb::ScatterReduce::Mul), (Floats{1, 70, 3, 24}));
  EXPECT_EQ(scatter(fb::ScatterReduce::Min), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(scatter(fb::ScatterReduce::Max), (Floats{1, 7, 3, 6}));
}

TEST(ScatterElements, RejectsMisfits) {
  OpTest<fb::ScatterElementsT> outside;
  outside.In<float>({2}, {1, 2}).In<int64_t>({1}, {-3}).In<float>({1}, {1});
  EXPECT_EQ(outside.TryRun().code, Code::kInvalidArgument);
  fb::ScatterElementsT add;
  add.reduce = fb::ScatterReduce::Add;
  OpTest<fb::ScatterElementsT> type(add);
  type.In<int8_t>({2}, {1, 2}).In<int64_t>({1}, {0}).In<int8_t>({1}, {1});
  EXPECT_EQ(type.TryRun().code, Code::kUnsupported);
}

TEST(ScatterNd, WritesSlices) {
  OpTest<fb::ScatterNdT> t;
  t.In<int64_t>({3, 2}, {1, 2, 3, 4, 5, 6}).In<int64_t>({2, 1}, {2, 0});
  t.In<int64_t>({2, 2}, {10, 20, 30, 40});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<int64_t>(0), (Integers{30, 40, 3, 4, 10, 20}));
  fb::ScatterNdT attributes;
  attributes.reduce = fb::ScatterReduce::Add;
  OpTest<fb::ScatterNdT> add(attributes);
  add.In<float>({3}, {1, 2, 3}).In<int64_t>({2, 1}, {1, 1}).In<float>({2}, {10, 20});
  ASSERT_TRUE(add.Run());
  EXPECT_EQ(add.Values<float>(0), (Floats{1, 32, 3}));
}

TEST(ScatterNd, RejectsMisfits) {
  OpTest<fb::ScatterNdT> outside;
  outside.In<float>({2}, {1, 2}).In<int64_t>({1, 1}, {2}).In<float>({1}, {1});
  EXPECT_EQ(outside.TryRun().code, Code::kInvalidArgument);
  OpTest<fb::ScatterNdT> updates;
  updates.In<float>({2}, {1, 2}).In<int64_t>({1, 1}, {0}).In<float>({2}, {1, 2});
  EXPECT_EQ(updates.TryRun().code, Code::kShape);
}

}  // namespace
}  // namespace pare::test
