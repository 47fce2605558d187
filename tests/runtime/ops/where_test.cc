#include "tests/support/op_test.h"

namespace pare {
namespace {

using test::OpTest;

TEST(WhereOp, SelectsElements) {
  OpTest<fb::WhereT> t;
  t.In<bool>({4}, {1, 0, 1, 0}).In<float>({4}, {1, 2, 3, 4}).In<float>({4}, {5, 6, 7, 8});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{1, 6, 3, 8}));
}

TEST(WhereOp, BroadcastsAllThree) {
  OpTest<fb::WhereT> t;
  t.In<bool>({2, 1, 1}, {1, 0}).In<int64_t>({3, 1}, {1, 2, 3}).In<int64_t>({2}, {-1, -2});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (std::vector<int64_t>{2, 3, 2}));
  EXPECT_EQ(t.Values<int64_t>(0), (std::vector<int64_t>{1, 1, 2, 2, 3, 3, -1, -2, -1, -2, -1, -2}));
}

TEST(WhereOp, MovesEveryElementSizeAndSharesWork) {
  const std::vector<int64_t> dims = {20000};
  std::vector<uint8_t> condition(20000);
  for (size_t i = 0; i < condition.size(); ++i) condition[i] = i % 3 == 0;
  const auto check = [&](auto zero) {
    using T = decltype(zero);
    OpTest<fb::WhereT> t;
    t.In<bool>(dims, condition).In<T>(dims, std::vector<T>(20000, T{1})).template In<T>({}, {T{2}});
    t.Threads(2);
    ASSERT_TRUE(t.Run());
    const std::vector<T> y = t.template Values<T>(0);
    for (size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], condition[i] != 0 ? T{1} : T{2});
  };
  check(uint8_t{});
  check(int16_t{});
  check(float{});
  check(double{});
}

TEST(WhereOp, RefusesWhatDoesNotFit) {
  OpTest<fb::WhereT> condition;
  condition.In<float>({1}, {1}).In<float>({1}, {1}).In<float>({1}, {1});
  EXPECT_FALSE(condition.TryRun().ok());
  OpTest<fb::WhereT> types;
  types.In<bool>({1}, {1}).In<float>({1}, {1}).In<double>({1}, {1});
  EXPECT_FALSE(types.TryRun().ok());
  OpTest<fb::WhereT> shapes;
  shapes.In<bool>({3}, {1, 0, 1}).In<float>({2}, {1, 2}).In<float>({1}, {1});
  EXPECT_FALSE(shapes.TryRun().ok());
}

}  // namespace
}  // namespace pare
