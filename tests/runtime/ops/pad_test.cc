#include <cstdint>
#include <vector>

#include "tests/support/op_test.h"

namespace pare::test {
namespace {

using Integers = std::vector<int64_t>;
using Floats = std::vector<float>;

fb::PadT Attributes(fb::PadMode mode, Integers pads) {
  fb::PadT attributes;
  attributes.mode = mode;
  attributes.pads = std::move(pads);
  return attributes;
}

Floats Padded(fb::PadMode mode, const Integers& pads, const Integers& shape, const Floats& x) {
  OpTest<fb::PadT> t(Attributes(mode, pads));
  t.In<float>(shape, x);
  EXPECT_TRUE(t.Run());
  return t.Values<float>(0);
}

TEST(Pad, FillsWithAConstant) {
  fb::PadT attributes = Attributes(fb::PadMode::Constant, {0, 1, 1, 0});
  attributes.value = 9;
  OpTest<fb::PadT> t(attributes);
  ASSERT_TRUE(t.In<float>({1, 2}, {1, 2}).Run());
  EXPECT_EQ(t.Shape(0), (Integers{2, 3}));
  EXPECT_EQ(t.Values<float>(0), (Floats{9, 1, 2, 9, 9, 9}));
}

TEST(Pad, TakesValueAndAxesFromInputs) {
  OpTest<fb::PadT> t;
  t.In<int64_t>({1, 2}, {1, 2}).Known<int64_t>({2}, {1, 1}).In<int64_t>({}, {7});
  t.Known<int64_t>({1}, {-1});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<int64_t>(0), (Integers{7, 1, 2, 7}));
}

TEST(Pad, RepeatsTheInput) {
  EXPECT_EQ(Padded(fb::PadMode::Edge, {2, 1}, {3}, {1, 2, 3}), (Floats{1, 1, 1, 2, 3, 3}));
  EXPECT_EQ(Padded(fb::PadMode::Reflect, {2, 2}, {3}, {1, 2, 3}), (Floats{3, 2, 1, 2, 3, 2, 1}));
  EXPECT_EQ(Padded(fb::PadMode::Reflect, {3, 0}, {2}, {1, 2}), (Floats{2, 1, 2, 1, 2}));
  EXPECT_EQ(Padded(fb::PadMode::Wrap, {2, 4}, {3}, {1, 2, 3}), (Floats{2, 3, 1, 2, 3, 1, 2, 3, 1}));
  EXPECT_EQ(Padded(fb::PadMode::Reflect, {1, 1, 0, 1}, {2, 2}, {1, 2, 3, 4}),
            (Floats{4, 3, 4, 3, 2, 1, 2, 1, 4, 3, 4, 3}));
}

TEST(Pad, CropsWhereNegative) {
  EXPECT_EQ(Padded(fb::PadMode::Constant, {-1, 1}, {3}, {1, 2, 3}), (Floats{2, 3, 0}));
  EXPECT_EQ(Padded(fb::PadMode::Edge, {-1, 2}, {3}, {1, 2, 3}), (Floats{2, 3, 3, 3}));
  EXPECT_EQ(Padded(fb::PadMode::Constant, {-3, 0}, {3}, {1, 2, 3}), (Floats{}));
}

TEST(Pad, RejectsWhatCannotBe) {
  const auto code = [](fb::PadMode mode, Integers pads, Integers shape) {
    OpTest<fb::PadT> t(Attributes(mode, std::move(pads)));
    Floats x(static_cast<size_t>(ShapeOf(shape).Elements()));
    return t.In<float>(shape, x).TryRun().code;
  };
  EXPECT_EQ(code(fb::PadMode::Constant, {1}, {3}), Code::kShape);
  EXPECT_EQ(code(fb::PadMode::Constant, {-4, 2}, {3}), Code::kShape);
  EXPECT_EQ(code(fb::PadMode::Constant, {-4, 9}, {3}), Code::kShape);
  EXPECT_EQ(code(fb::PadMode::Edge, {1, 0}, {0}), Code::kShape);
  EXPECT_EQ(code(fb::PadMode::Constant, {INT64_MAX, 1}, {3}), Code::kShape);
}

}  // namespace
}  // namespace pare::test
