// TopK, Unique, NonZero, Compress, OneHot: results that depend on the order or value of elements.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "tests/support/op_test.h"

namespace pare::test {
namespace {

using Integers = std::vector<int64_t>;
using Floats = std::vector<float>;

TEST(TopK, TakesTheLargestAndLowestIndex) {
  fb::TopKT attributes;
  attributes.k = 3;
  OpTest<fb::TopKT> t(attributes);
  t.In<float>({2, 4}, {1, 3, 3, 2, -0.0f, 0, -1, -2}).Outputs(2);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(1), (Integers{2, 3}));
  EXPECT_EQ(t.Values<float>(0), (Floats{3, 3, 2, 0, 0, -1}));
  EXPECT_EQ(t.Values<int64_t>(1), (Integers{1, 2, 3, 0, 1, 2}));
}

TEST(TopK, TakesTheSmallestAlongAnOuterAxis) {
  fb::TopKT attributes;
  attributes.axis = 0;
  attributes.largest = false;
  OpTest<fb::TopKT> t(attributes);
  t.In<int64_t>({3, 2}, {5, INT64_MIN, 4, 1, 6, INT64_MAX}).Known<int64_t>({1}, {2}).Outputs(2);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<int64_t>(0), (Integers{4, INT64_MIN, 5, 1}));
  EXPECT_EQ(t.Values<int64_t>(1), (Integers{1, 0, 0, 1}));
}

TEST(TopK, ReadsKWhenItRuns) {
  OpTest<fb::TopKT> t;
  t.In<int32_t>({4}, {1, 4, 2, 3}).In<int64_t>({1}, {2}).Outputs(2);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{2}));
  EXPECT_EQ(t.Values<int32_t>(0), (std::vector<int32_t>{4, 3}));
  OpTest<fb::TopKT> more;
  more.In<int32_t>({4}, {1, 4, 2, 3}).In<int64_t>({1}, {5}).Outputs(2);
  EXPECT_EQ(more.TryRun().code, Code::kShape);
}

TEST(TopK, AgreesWithASortOnTwoThreads) {
  std::mt19937 random(2);
  constexpr int64_t kLanes = 64, kSize = 1000, kTaken = 17;
  Floats x(kLanes * kSize);
  for (float& v : x) v = static_cast<float>(random() % 500);
  fb::TopKT attributes;
  attributes.k = kTaken;
  OpTest<fb::TopKT> t(attributes);
  t.In<float>({kLanes, kSize}, x).Outputs(2).Threads(2);
  ASSERT_TRUE(t.Run());
  const Integers indices = t.Values<int64_t>(1);
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    Integers order(kSize);
    std::iota(order.begin(), order.end(), 0);
    const float* row = &x[lane * kSize];
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return row[a] > row[b]; });
    for (int64_t i = 0; i < kTaken; ++i) ASSERT_EQ(indices[lane * kTaken + i], order[i]);
  }
}

TEST(TopK, RejectsBadK) {
  fb::TopKT attributes;
  OpTest<fb::TopKT> none(attributes);
  EXPECT_EQ(none.In<float>({2}, {1, 2}).Outputs(2).TryRun().code, Code::kShape);
  attributes.k = 3;
  OpTest<fb::TopKT> more(attributes);
  EXPECT_EQ(more.In<float>({2}, {1, 2}).Outputs(2).TryRun().code, Code::kShape);
}

TEST(NonZero, ListsCoordinates) {
  OpTest<fb::NonZeroT> t;
  ASSERT_TRUE(t.In<float>({2, 3}, {1, -0.0f, 3, 0, NAN, 0}).Run());
  EXPECT_EQ(t.Shape(0), (Integers{2, 3}));
  EXPECT_EQ(t.Values<int64_t>(0), (Integers{0, 0, 1, 0, 2, 1}));
  OpTest<fb::NonZeroT> none;
  ASSERT_TRUE(none.In<bool>({2}, {0, 0}).Run());
  EXPECT_EQ(none.Shape(0), (Integers{1, 0}));
}

TEST(Compress, KeepsWhatIsTrue) {
  fb::CompressT attributes;
  attributes.axis = 1;
  OpTest<fb::CompressT> t(attributes);
  t.In<float>({2, 3}, {1, 2, 3, 4, 5, 6}).In<bool>({2}, {0, 1});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{2, 1}));
  EXPECT_EQ(t.Values<float>(0), (Floats{2, 5}));
  attributes.flat = true;
  OpTest<fb::CompressT> flat(attributes);
  flat.In<float>({2, 2}, {1, 2, 3, 4}).Known<bool>({5}, {1, 0, 0, 1, 1});
  ASSERT_TRUE(flat.Run());
  EXPECT_EQ(flat.Values<float>(0), (Floats{1, 4}));
}

TEST(Unique, SortsOrKeepsTheOrder) {
  fb::UniqueT attributes;
  OpTest<fb::UniqueT> sorted(attributes);
  sorted.In<float>({6}, {2, 1, 1, 3, 4, 3}).Outputs(4);
  ASSERT_TRUE(sorted.Run());
  EXPECT_EQ(sorted.Values<float>(0), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(sorted.Values<int64_t>(1), (Integers{1, 0, 3, 4}));
  EXPECT_EQ(sorted.Values<int64_t>(2), (Integers{1, 0, 0, 2, 3, 2}));
  EXPECT_EQ(sorted.Values<int64_t>(3), (Integers{2, 1, 2, 1}));
  attributes.sorted = false;
  OpTest<fb::UniqueT> kept(attributes);
  kept.In<float>({6}, {2, 1, 1, 3, 4, 3}).Outputs(4);
  ASSERT_TRUE(kept.Run());
  EXPECT_EQ(kept.Values<float>(0), (Floats{2, 1, 3, 4}));
  EXPECT_EQ(kept.Values<int64_t>(1), (Integers{0, 1, 3, 4}));
  EXPECT_EQ(kept.Values<int64_t>(2), (Integers{0, 1, 1, 2, 3, 2}));
  EXPECT_EQ(kept.Values<int64_t>(3), (Integers{1, 2, 2, 1}));
}

TEST(Unique, ComparesSlices) {
  fb::UniqueT attributes;
  attributes.flat = false;
  attributes.axis = -1;
  OpTest<fb::UniqueT> t(attributes);
  t.In<int32_t>({2, 3}, {1, 0, 1, 2, 5, 2}).Outputs(3);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{2, 2}));
  EXPECT_EQ(t.Values<int32_t>(0), (std::vector<int32_t>{0, 1, 5, 2}));
  EXPECT_EQ(t.Values<int64_t>(2), (Integers{1, 0, 1}));
}

TEST(OneHot, MarksIndices) {
  OpTest<fb::OneHotT> t;
  t.In<int64_t>({3}, {1, -1, 7}).Known<int64_t>({}, {3}).In<float>({2}, {-1, 1});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{3, 3}));
  EXPECT_EQ(t.Values<float>(0), (Floats{-1, 1, -1, -1, -1, 1, -1, -1, -1}));
  fb::OneHotT attributes;
  attributes.axis = 0;
  OpTest<fb::OneHotT> first(attributes);
  first.In<int64_t>({2}, {1, 0}).Known<int64_t>({}, {2}).In<int8_t>({2}, {0, 9});
  ASSERT_TRUE(first.Run());
  EXPECT_EQ(first.Values<int8_t>(0), (std::vector<int8_t>{0, 9, 9, 0}));
}

}  // namespace
}  // namespace pare::test
