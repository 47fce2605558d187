#include <algorithm>
#include <numeric>

#include "tests/support/op_test.h"

namespace pare {
namespace {

using test::OpTest;
using Dims = std::vector<int64_t>;

template <class T>
std::vector<T> Reference(const Dims& dims, const Dims& perm, const std::vector<T>& x) {
  Dims strides(dims.size(), 1), out;
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  for (int64_t p : perm) out.push_back(dims[static_cast<size_t>(p)]);
  std::vector<T> y(x.size());
  for (size_t i = 0; i < y.size(); ++i) {
    int64_t rest = static_cast<int64_t>(i), from = 0;
    for (size_t d = out.size(); d-- > 0;) {
      from += rest % out[d] * strides[static_cast<size_t>(perm[d])];
      rest /= out[d];
    }
    y[i] = x[static_cast<size_t>(from)];
  }
  return y;
}

template <class T>
void Check(const Dims& dims, const Dims& perm, size_t threads = 1) {
  int64_t count = 1;
  for (int64_t d : dims) count *= d;
  std::vector<T> x(static_cast<size_t>(count));
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i * 2654435761u >> 3);
  fb::TransposeT attributes;
  attributes.perm = perm;
  OpTest<fb::TransposeT> t(attributes);
  t.In<T>(dims, x).Threads(threads);
  ASSERT_TRUE(t.Run());
  ASSERT_EQ(t.Values<T>(0), Reference(dims, perm, x))
      << testing::PrintToString(dims) << " by " << testing::PrintToString(perm);
}

template <class T>
class TransposeOp : public testing::Test {};
using ElementTypes = testing::Types<uint8_t, uint16_t, float, int64_t>;
TYPED_TEST_SUITE(TransposeOp, ElementTypes);

TYPED_TEST(TransposeOp, PermutesEveryWay) {
  for (const Dims& dims :
       {Dims{2, 3, 4, 5}, Dims{1, 17, 1, 19}, Dims{2, 2, 33, 2}, Dims{3, 1, 4, 16}}) {
    Dims perm = {0, 1, 2, 3};
    do {
      Check<TypeParam>(dims, perm);
    } while (std::next_permutation(perm.begin(), perm.end()));
  }
}

TYPED_TEST(TransposeOp, TransposesMatricesOfEverySize) {
  for (int64_t rows : {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 64, 130}) {
    for (int64_t cols : {1, 2, 3, 4, 6, 8, 15, 16, 18, 32, 65, 129})
      Check<TypeParam>({rows, cols}, {1, 0});
  }
}

TYPED_TEST(TransposeOp, SplitsPlanesAmongThreads) {
  Check<TypeParam>({2, 3, 200, 211}, {0, 2, 3, 1}, 2);
  Check<TypeParam>({2, 200, 211, 3}, {0, 3, 1, 2}, 2);
  Check<TypeParam>({1, 64, 60, 50}, {0, 2, 3, 1}, 2);
  Check<TypeParam>({1, 60, 50, 72}, {0, 3, 1, 2}, 2);
  Check<TypeParam>({40, 30, 10, 16}, {0, 2, 1, 3}, 2);
}

TEST(TransposeOp, ReversesWithoutAttributeAndCountsAxesFromTheEnd) {
  OpTest<fb::TransposeT> reversed;
  reversed.In<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(reversed.Run());
  EXPECT_EQ(reversed.Shape(0), (Dims{3, 2}));
  EXPECT_EQ(reversed.Values<float>(0), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  fb::TransposeT attributes;
  attributes.perm = {-1, 0};
  OpTest<fb::TransposeT> negative(attributes);
  negative.In<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(negative.Run());
  EXPECT_EQ(negative.Values<float>(0), (std::vector<float>{1, 4, 2, 5, 3, 6}));
}

TEST(TransposeOp, TakesScalarsAndEmptyTensors) {
  OpTest<fb::TransposeT> scalar;
  scalar.In<float>({}, {7});
  ASSERT_TRUE(scalar.Run());
  EXPECT_EQ(scalar.Values<float>(0), std::vector<float>{7});
  OpTest<fb::TransposeT> empty;
  empty.In<float>({0, 3}, {});
  ASSERT_TRUE(empty.Run());
  EXPECT_EQ(empty.Shape(0), (Dims{3, 0}));
}

TEST(TransposeOp, RefusesPermutationsThatAreNone) {
  for (const Dims& perm : {Dims{0, 0}, Dims{0, 2}, Dims{0}, Dims{0, 1, 2}}) {
    fb::TransposeT attributes;
    attributes.perm = perm;
    OpTest<fb::TransposeT> t(attributes);
    t.In<float>({1, 2}, {1, 2});
    EXPECT_FALSE(t.TryRun().ok());
  }
}

}  // namespace
}  // namespace pare
