// Reshape, Squeeze, Unsqueeze, Flatten and Identity: one set of bytes under other shapes.
#include <cstdint>
#include <vector>

#include "tests/support/op_test.h"

namespace pare::test {
namespace {

using Integers = std::vector<int64_t>;
const std::vector<float> kSix = {1, 2, 3, 4, 5, 6};

fb::ReshapeT To(Integers shape, bool allow_zero = false) {
  fb::ReshapeT attributes;
  attributes.shape = std::move(shape);
  attributes.allow_zero = allow_zero;
  return attributes;
}

TEST(Reshape, CopiesAndInfersDimensions) {
  OpTest<fb::ReshapeT> t(To({0, 1, -1}));
  t.In<float>({2, 3}, kSix);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{2, 1, 3}));
  EXPECT_EQ(t.Values<float>(0), kSix);
}

TEST(Reshape, ReadsTheShapeFromAnInput) {
  OpTest<fb::ReshapeT> t;
  t.In<float>({2, 3}, kSix).Known<int64_t>({2}, {3, 2});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{3, 2}));
}

TEST(Reshape, KeepsAnEmptyTensor) {
  OpTest<fb::ReshapeT> t(To({3, 0}, true));
  t.In<float>({0, 4}, {});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{3, 0}));
}

TEST(Reshape, RejectsShapesThatDoNotFit) {
  for (const Integers& shape : std::vector<Integers>{{5}, {-1, -1}, {-2, 3}, {4, -1}, {2, 3, 0}}) {
    OpTest<fb::ReshapeT> t(To(shape));
    EXPECT_EQ(t.In<float>({2, 3}, kSix).TryRun().code, Code::kShape);
  }
  OpTest<fb::ReshapeT> huge(To({INT64_MAX, INT64_MAX}));
  EXPECT_EQ(huge.In<float>({2, 3}, kSix).TryRun().code, Code::kShape);
  OpTest<fb::ReshapeT> unknown;
  unknown.In<float>({2, 3}, kSix).In<int64_t>({1}, {6});
  EXPECT_EQ(unknown.TryRun().code, Code::kUnknownSize);
}

TEST(Squeeze, RemovesOnes) {
  fb::SqueezeT attributes;
  attributes.axes = {-1};
  OpTest<fb::SqueezeT> t(attributes);
  t.In<float>({1, 6, 1}, kSix);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{1, 6}));
  OpTest<fb::SqueezeT> all;
  all.In<float>({1, 6, 1}, kSix);
  ASSERT_TRUE(all.Run());
  EXPECT_EQ(all.Shape(0), (Integers{6}));
  OpTest<fb::SqueezeT> wrong;
  wrong.In<float>({1, 6, 1}, kSix).Known<int64_t>({1}, {1});
  EXPECT_EQ(wrong.TryRun().code, Code::kShape);
}

TEST(Unsqueeze, InsertsOnes) {
  fb::UnsqueezeT attributes;
  attributes.axes = {0, -1};
  OpTest<fb::UnsqueezeT> t(attributes);
  t.In<float>({6}, kSix);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{1, 6, 1}));
  attributes.axes = {0, 0};
  OpTest<fb::UnsqueezeT> twice(attributes);
  EXPECT_EQ(twice.In<float>({6}, kSix).TryRun().code, Code::kShape);
  attributes.axes = {3};
  OpTest<fb::UnsqueezeT> outside(attributes);
  EXPECT_EQ(outside.In<float>({6}, kSix).TryRun().code, Code::kShape);
}

TEST(Flatten, MakesAMatrix) {
  fb::FlattenT attributes;
  attributes.axis = 2;
  OpTest<fb::FlattenT> t(attributes);
  t.In<float>({1, 2, 3}, kSix);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{2, 3}));
  attributes.axis = -4;
  OpTest<fb::FlattenT> outside(attributes);
  EXPECT_EQ(outside.In<float>({1, 2, 3}, kSix).TryRun().code, Code::kShape);
  attributes.axis = 0;
  OpTest<fb::FlattenT> scalar(attributes);
  ASSERT_TRUE(scalar.In<float>({}, {7}).Run());
  EXPECT_EQ(scalar.Shape(0), (Integers{1, 1}));
}

TEST(Identity, KeepsEverything) {
  OpTest<fb::IdentityT> t;
  t.In<int8_t>({2, 3}, {1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<int8_t>(0), (std::vector<int8_t>{1, 2, 3, 4, 5, 6}));
}

}  // namespace
}  // namespace pare::test
