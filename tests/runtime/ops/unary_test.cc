#include <cmath>
#include <limits>

#include "tests/support/op_test.h"

namespace pare {
namespace {

using fb::UnaryKind;
using test::OpTest;

constexpr float kInf = std::numeric_limits<float>::infinity();

fb::UnaryT Attributes(UnaryKind kind, float alpha = 0, float beta = 0) {
  fb::UnaryT attributes;
  attributes.activation = std::make_unique<fb::ActivationT>();
  attributes.activation->kind = kind;
  attributes.activation->alpha = alpha;
  attributes.activation->beta = beta;
  return attributes;
}

TEST(UnaryOp, AppliesAFunctionToFloats) {
  OpTest<fb::UnaryT> t(Attributes(UnaryKind::Clip, -1, 6));
  t.In<float>({2, 3}, {-5, -1, 0, 5, 6, 7});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{-1, -1, 0, 5, 6, 6}));
}

TEST(UnaryOp, SplitsMuchWorkAmongThreads) {
  std::vector<float> x(100003), expected(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(i % 1000) - 500;
    expected[i] = std::fabs(x[i]);
  }
  OpTest<fb::UnaryT> t(Attributes(UnaryKind::Abs));
  t.In<float>({100003}, x).Threads(2);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), expected);
}

TEST(UnaryOp, AppliesIntegerKinds) {
  constexpr int32_t kMin = INT32_MIN;
  const struct {
    UnaryKind kind;
    std::vector<int32_t> expected;
  } kCases[] = {
      {UnaryKind::Abs, {kMin, 3, 0, 4}},
      {UnaryKind::Neg, {kMin, 3, 0, -4}},
      {UnaryKind::Sign, {-1, -1, 0, 1}},
      {UnaryKind::Relu, {0, 0, 0, 4}},
      {UnaryKind::BitwiseNot, {INT32_MAX, 2, -1, -5}},
      {UnaryKind::Clip, {-2, -2, 0, 3}},
      {UnaryKind::None, {kMin, -3, 0, 4}},
  };
  for (const auto& c : kCases) {
    OpTest<fb::UnaryT> t(Attributes(c.kind, -2.5f, 3.5f));
    t.In<int32_t>({4}, {kMin, -3, 0, 4});
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Values<int32_t>(0), c.expected) << fb::EnumNameUnaryKind(c.kind);
  }
  OpTest<fb::UnaryT> t(Attributes(UnaryKind::Clip, -kInf, kInf));
  t.In<int64_t>({3}, {INT64_MIN, 5, INT64_MAX});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<int64_t>(0), (std::vector<int64_t>{INT64_MIN, 5, INT64_MAX}));
}

TEST(UnaryOp, TestsForNanAndInfinity) {
  const std::vector<float> x = {1, std::nanf(""), kInf, -kInf, 0};
  const struct {
    UnaryKind kind;
    float negative, positive;
    std::vector<uint8_t> expected;
  } kCases[] = {
      {UnaryKind::IsNan, 0, 0, {0, 1, 0, 0, 0}},
      {UnaryKind::IsInf, 1, 1, {0, 0, 1, 1, 0}},
      {UnaryKind::IsInf, 0, 1, {0, 0, 1, 0, 0}},
      {UnaryKind::IsInf, 1, 0, {0, 0, 0, 1, 0}},
  };
  for (const auto& c : kCases) {
    OpTest<fb::UnaryT> t(Attributes(c.kind, c.negative, c.positive));
    t.In<float>({5}, x);
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Values<bool>(0), c.expected);
  }
}

TEST(UnaryOp, NegatesBooleans) {
  OpTest<fb::UnaryT> t(Attributes(UnaryKind::Not));
  t.In<bool>({3}, {0, 1, 0});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<bool>(0), (std::vector<uint8_t>{1, 0, 1}));
}

TEST(UnaryOp, TakesEmptyAndScalarTensors) {
  OpTest<fb::UnaryT> empty(Attributes(UnaryKind::Exp));
  empty.In<float>({0, 4}, {});
  ASSERT_TRUE(empty.Run());
  EXPECT_EQ(empty.Shape(0), (std::vector<int64_t>{0, 4}));
  OpTest<fb::UnaryT> scalar(Attributes(UnaryKind::Exp));
  scalar.In<float>({}, {0});
  ASSERT_TRUE(scalar.Run());
  EXPECT_EQ(scalar.Values<float>(0), std::vector<float>{1});
}

TEST(UnaryOp, RefusesTypesThatTheFunctionIsNotDefinedFor) {
  OpTest<fb::UnaryT> exp(Attributes(UnaryKind::Exp));
  exp.In<int32_t>({1}, {1});
  EXPECT_FALSE(exp.TryRun().ok());
  OpTest<fb::UnaryT> complement(Attributes(UnaryKind::Not));
  complement.In<float>({1}, {1});
  EXPECT_FALSE(complement.TryRun().ok());
}

}  // namespace
}  // namespace pare
