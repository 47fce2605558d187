// LayerNorm, RmsNorm and GroupNorm.
#include <cmath>

#include "tests/support/op_test.h"
#include "tests/support/random.h"
#include "tests/support/tolerance.h"

namespace pare {
namespace {

using test::OpTest;
using Dims = std::vector<int64_t>;

struct Statistics {
  double mean = 0, inverse = 0;
};

// Of x[index(0)], x[index(1)], ...
template <class Index>
Statistics Measure(const std::vector<float>& x, size_t n, double epsilon, bool centered,
                   const Index& index) {
  Statistics s;
  for (size_t i = 0; i < n && centered; ++i) s.mean += x[index(i)] / static_cast<double>(n);
  double variance = 0;
  for (size_t i = 0; i < n; ++i) variance += std::pow(x[index(i)] - s.mean, 2);
  s.inverse = 1 / std::sqrt(variance / static_cast<double>(n) + epsilon);
  return s;
}

void CheckLayer(const Dims& dims, int64_t axis, bool scaled, bool biased) {
  const auto at = static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(dims.size()) : axis);
  const Dims parameter(dims.begin() + static_cast<std::ptrdiff_t>(at), dims.end());
  const auto n = static_cast<size_t>(test::CountOf(parameter));
  const std::vector<float> x = test::Uniform(test::CountOf(dims), 3, 7);
  const std::vector<float> scale = test::Uniform(static_cast<int64_t>(n), -2, 2, 5);
  const std::vector<float> bias = test::Uniform(static_cast<int64_t>(n), -2, 2, 6);
  fb::LayerNormT attributes;
  attributes.axis = axis;
  OpTest<fb::LayerNormT> t(attributes);
  t.In<float>(dims, x).Outputs(3).Threads(2);
  scaled ? t.Const<float>(parameter, scale) : t.Absent();
  biased ? t.Const<float>(parameter, bias) : t.Absent();
  ASSERT_TRUE(t.Run());
  const std::vector<float> y = t.Values<float>(0), mean = t.Values<float>(1),
                           inverse = t.Values<float>(2);
  Statistics s;
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t row = i / n;
    if (i % n == 0) s = Measure(x, n, 1e-5, true, [&](size_t j) { return row * n + j; });
    const double exact =
        (x[i] - s.mean) * s.inverse * (scaled ? scale[i % n] : 1) + (biased ? bias[i % n] : 0);
    ASSERT_TRUE(test::IsClose(y[i], exact, "LayerNorm", 2)) << y[i] << " is not " << exact;
    ASSERT_TRUE(test::IsClose(mean[row], s.mean, "LayerNorm", 2));
    ASSERT_TRUE(test::IsClose(inverse[row], s.inverse, "LayerNorm", 2));
  }
}

TEST(LayerNormOp, MatchesTheDefinition) {
  CheckLayer({4, 384}, -1, true, true);
  CheckLayer({300, 40}, 1, true, false);
  CheckLayer({2, 3, 37}, -1, false, true);
  CheckLayer({2, 3, 5, 7}, 2, true, true);
  CheckLayer({2, 3, 5}, 0, false, false);
}

TEST(LayerNormOp, RefusesParametersOfAnotherSize) {
  OpTest<fb::LayerNormT> t;
  t.In<float>({2, 3}, {1, 2, 3, 4, 5, 6}).In<float>({2}, {1, 1});
  EXPECT_FALSE(t.TryRun().ok());
}

TEST(RmsNormOp, MatchesTheDefinition) {
  for (const Dims& dims : {Dims{5, 64}, Dims{2, 3, 21}}) {
    const int64_t n = dims.back();
    const std::vector<float> x = test::Uniform(test::CountOf(dims), -3, 5);
    const std::vector<float> scale = test::Uniform(n, -2, 2, 5);
    OpTest<fb::RmsNormT> t;
    t.In<float>(dims, x).Const<float>({n}, scale);
    ASSERT_TRUE(t.Run());
    const std::vector<float> y = t.Values<float>(0);
    const auto count = static_cast<size_t>(n);
    for (size_t i = 0; i < x.size(); ++i) {
      const Statistics s =
          Measure(x, count, 1e-6, false, [&](size_t j) { return i / count * count + j; });
      ASSERT_TRUE(test::IsClose(y[i], x[i] * s.inverse * scale[i % count], "LayerNorm"));
    }
  }
}

void CheckGroup(const Dims& dims, int64_t groups, size_t threads) {
  const auto channels = static_cast<size_t>(dims.back());
  const std::vector<float> x = test::Uniform(test::CountOf(dims), 1, 6);
  const std::vector<float> scale = test::Uniform(dims.back(), -2, 2, 5);
  const std::vector<float> bias = test::Uniform(dims.back(), -2, 2, 6);
  fb::GroupNormT attributes;
  attributes.groups = groups;
  OpTest<fb::GroupNormT> t(attributes);
  t.In<float>(dims, x).Const<float>({dims.back()}, scale).Const<float>({dims.back()}, bias);
  t.Threads(threads);
  ASSERT_TRUE(t.Run());
  const std::vector<float> y = t.Values<float>(0);
  const size_t image = x.size() / static_cast<size_t>(dims[0]), spatial = image / channels;
  const size_t each = groups == 0 ? 1 : channels / static_cast<size_t>(groups);
  for (size_t i = 0; i < x.size(); i += 7) {
    const size_t c = i % channels, first = i / image * image + c / each * each;
    const Statistics s = Measure(x, spatial * each, 1e-5, true,
                                 [&](size_t j) { return first + j / each * channels + j % each; });
    const double exact = (x[i] - s.mean) * s.inverse * scale[c] + bias[c];
    ASSERT_TRUE(test::IsClose(y[i], exact, "GroupNorm", 2)) << y[i] << " is not " << exact;
  }
}

TEST(GroupNormOp, MatchesTheDefinition) {
  CheckGroup({2, 5, 7, 24}, 4, 1);
  CheckGroup({2, 5, 7, 24}, 0, 2);
  CheckGroup({1, 11, 11, 70}, 7, 2);
  CheckGroup({3, 9, 6}, 1, 1);
}

TEST(GroupNormOp, RefusesGroupsThatDoNotDivideTheChannels) {
  for (int64_t groups : {5, -1}) {
    fb::GroupNormT attributes;
    attributes.groups = groups;
    OpTest<fb::GroupNormT> t(attributes);
    t.In<float>({1, 1, 4}, {1, 2, 3, 4}).In<float>({4}, {1, 1, 1, 1}).In<float>({4}, {0, 0, 0, 0});
    EXPECT_FALSE(t.TryRun().ok());
  }
}

}  // namespace
}  // namespace pare
