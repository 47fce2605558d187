#include <cmath>
#include <limits>

#include "tests/support/op_test.h"
#include "tests/support/random.h"
#include "tests/support/tolerance.h"

namespace pare {
namespace {

using test::OpTest;
using Dims = std::vector<int64_t>;

void Check(const Dims& dims, int64_t axis, bool log, size_t threads) {
  const std::vector<float> x = test::Uniform(test::CountOf(dims), -20, 20);
  fb::SoftmaxT attributes;
  attributes.axis = axis;
  attributes.log = log;
  OpTest<fb::SoftmaxT> t(attributes);
  t.In<float>(dims, x).Threads(threads);
  ASSERT_TRUE(t.Run());
  const std::vector<float> y = t.Values<float>(0);
  const auto at = static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(dims.size()) : axis);
  size_t n = static_cast<size_t>(dims[at]), inner = 1;
  for (size_t i = at + 1; i < dims.size(); ++i) inner *= static_cast<size_t>(dims[i]);
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t first = i / (n * inner) * n * inner + i % inner;
    double sum = 0;
    for (size_t j = 0; j < n; ++j) sum += std::exp(static_cast<double>(x[first + j * inner]));
    // The difference to the largest element is rounded, and enters the exponent.
    const double exact = log ? x[i] - std::log(sum) : std::exp(static_cast<double>(x[i])) / sum;
    ASSERT_TRUE(test::IsClose(y[i], exact, log ? "LogSoftmax" : "Softmax", log ? 20 : 40 * exact))
        << y[i] << " is not " << exact << ", " << testing::PrintToString(dims) << " axis " << axis;
  }
}

TEST(SoftmaxOp, MatchesTheDefinitionOverEveryAxis) {
  for (const Dims& dims : {Dims{1}, Dims{7}, Dims{3, 16}, Dims{2, 3, 37}, Dims{2, 128, 128},
                           Dims{3, 5, 2, 100}, Dims{5, 1, 4}}) {
    for (int64_t axis = -static_cast<int64_t>(dims.size());
         axis < static_cast<int64_t>(dims.size()); ++axis) {
      Check(dims, axis, false, 1);
      Check(dims, axis, true, 2);
    }
  }
}

TEST(SoftmaxOp, MasksAndLargeValuesAreSafe) {
  const float inf = std::numeric_limits<float>::infinity();
  OpTest<fb::SoftmaxT> t;
  t.In<float>({2, 3}, {-inf, 0, 0, 1e38f, -1e38f, -inf});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{0, 0.5f, 0.5f, 1, 0, 0}));
}

TEST(SoftmaxOp, TakesEmptyTensorsAndRefusesBadAxesAndTypes) {
  OpTest<fb::SoftmaxT> empty;
  empty.In<float>({2, 0}, {});
  EXPECT_TRUE(empty.Run());
  fb::SoftmaxT attributes;
  attributes.axis = 2;
  OpTest<fb::SoftmaxT> axis(attributes);
  axis.In<float>({1, 1}, {1});
  EXPECT_FALSE(axis.TryRun().ok());
  OpTest<fb::SoftmaxT> type;
  type.In<int32_t>({1}, {1});
  EXPECT_FALSE(type.TryRun().ok());
}

}  // namespace
}  // namespace pare
