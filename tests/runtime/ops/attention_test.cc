#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tests/support/op_test.h"
#include "tests/support/tolerance.h"

namespace pare {
namespace {

using test::OpTest;

std::vector<float> Random(size_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> values(-1, 1);
  std::vector<float> v(n);
  for (float& x : v) x = values(engine);
  return v;
}

struct Case {
  int64_t batch, heads, kv_heads, queries, keys, depth, v_depth;
  bool causal = false;
  std::vector<int64_t> mask = {};  // its shape; empty: none
};

double MaskAt(const Case& c, const std::vector<float>& mask, const int64_t (&at)[4]) {
  if (c.mask.empty()) return 0;
  int64_t index = 0;
  for (size_t i = 0; i < c.mask.size(); ++i) {
    const int64_t p = at[4 - c.mask.size() + i];
    index = index * c.mask[i] + (c.mask[i] == 1 ? 0 : p);
  }
  return mask[static_cast<size_t>(index)];
}

std::vector<double> Expected(const Case& c, const std::vector<float>& q,
                             const std::vector<float>& k, const std::vector<float>& v,
                             const std::vector<float>& mask) {
  std::vector<double> y(static_cast<size_t>(c.batch * c.queries * c.heads * c.v_depth));
  for (int64_t b = 0; b < c.batch; ++b) {
    for (int64_t h = 0; h < c.heads; ++h) {
      const int64_t kv = h / (c.heads / c.kv_heads);
      for (int64_t t = 0; t < c.queries; ++t) {
        const int64_t visible =
            c.causal ? std::max<int64_t>(0, std::min(c.keys, t + 1 + c.keys - c.queries)) : c.keys;
        std::vector<double> p(static_cast<size_t>(visible));
        double total = 0;
        for (int64_t s = 0; s < visible; ++s) {
          double dot = 0;
          for (int64_t d = 0; d < c.depth; ++d) {
            dot += static_cast<double>(
                       q[static_cast<size_t>(((b * c.queries + t) * c.heads + h) * c.depth + d)]) *
                   static_cast<double>(
                       k[static_cast<size_t>(((b * c.keys + s) * c.kv_heads + kv) * c.depth + d)]);
          }
          p[static_cast<size_t>(s)] = std::exp(dot / std::sqrt(static_cast<double>(c.depth)) +
                                               MaskAt(c, mask, {b, h, t, s}));
          total += p[static_cast<size_t>(s)];
        }
        for (int64_t e = 0; e < c.v_depth; ++e) {
          double sum = 0;
          for (int64_t s = 0; s < visible; ++s) {
            sum += p[static_cast<size_t>(s)] / total *
                   v[static_cast<size_t>(((b * c.keys + s) * c.kv_heads + kv) * c.v_depth + e)];
          }
          y[static_cast<size_t>(((b * c.queries + t) * c.heads + h) * c.v_depth + e)] = sum;
        }
      }
    }
  }
  return y;
}

void Check(const Case& c, size_t threads = 1) {
  const auto q = Random(static_cast<size_t>(c.batch * c.queries * c.heads * c.depth), 1);
  const auto k = Random(static_cast<size_t>(c.batch * c.keys * c.kv_heads * c.depth), 2);
  const auto v = Random(static_cast<size_t>(c.batch * c.keys * c.kv_heads * c.v_depth), 3);
  fb::AttentionT op;
  op.heads = static_cast<int32_t>(c.heads);
  op.kv_heads = static_cast<int32_t>(c.kv_heads);
  op.scale = 1 / std::sqrt(static_cast<float>(c.depth));
  op.causal = c.causal;
  OpTest<fb::AttentionT> t(op);
  t.In<float>({c.batch, c.queries, c.heads * c.depth}, q);
  t.In<float>({c.batch, c.keys, c.kv_heads * c.depth}, k);
  t.In<float>({c.batch, c.keys, c.kv_heads * c.v_depth}, v);
  std::vector<float> mask;
  if (!c.mask.empty()) {
    mask = Random(static_cast<size_t>(test::ShapeOf(c.mask).Elements()), 4);
    // A key that nobody may see.
    if (c.mask.back() > 1) mask[1] = -std::numeric_limits<float>::infinity();
    t.In<float>(c.mask, mask);
  }
  t.Threads(threads);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (std::vector<int64_t>{c.batch, c.queries, c.heads * c.v_depth}));
  const auto want = Expected(c, q, k, v, mask);
  const auto got = t.Values<float>(0);
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_TRUE(test::IsClose(got[i], want[i], "Attention"))
        << i << " " << got[i] << " " << want[i];
}

TEST(Attention, SizesAndHeads) {
  Check({1, 1, 1, 1, 1, 1, 1});
  Check({2, 3, 3, 5, 5, 4, 4});
  Check({1, 4, 4, 100, 70, 32, 32}, 2);
  Check({2, 2, 2, 1, 33, 20, 24});
  Check({1, 12, 12, 64, 64, 32, 32});
}

TEST(Attention, KeyValueHeadsAreShared) {
  Check({2, 6, 2, 9, 13, 8, 10});
  Check({1, 4, 1, 50, 50, 16, 16}, 2);
}

TEST(Attention, Causal) {
  Check({1, 2, 2, 20, 20, 8, 8, true});
  Check({1, 2, 1, 3, 20, 8, 8, true});
}

TEST(Attention, AQueryThatSeesNothingGetsZeros) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  fb::AttentionT op;
  op.heads = op.kv_heads = 1;
  op.scale = 1;
  OpTest<fb::AttentionT> t(op);
  t.In<float>({1, 2, 4}, Random(8, 1)).In<float>({1, 3, 4}, Random(12, 2));
  t.In<float>({1, 3, 2}, {1, 2, 3, 4, 5, 6});
  t.In<float>({2, 3}, {-kInfinity, -kInfinity, -kInfinity, -kInfinity, 0, -kInfinity});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{0, 0, 3, 4}));
}

TEST(Attention, MasksBroadcast) {
  const Case c{2, 3, 3, 7, 9, 8, 8};
  for (const std::vector<int64_t>& shape :
       std::vector<std::vector<int64_t>>{{2, 1, 1, 9}, {2, 3, 7, 9}, {7, 9}, {9}, {1, 1, 7, 1}}) {
    Case masked = c;
    masked.mask = shape;
    Check(masked);
  }
}

TEST(Attention, RefusesWhatDoesNotFit) {
  const auto run = [](int32_t heads, int32_t kv_heads, std::vector<int64_t> k) {
    fb::AttentionT op;
    op.heads = heads;
    op.kv_heads = kv_heads;
    OpTest<fb::AttentionT> t(op);
    t.In<float>({1, 2, 6}, Random(12, 1));
    t.In<float>(k, Random(static_cast<size_t>(test::ShapeOf(k).Elements()), 2));
    t.In<float>(k, Random(static_cast<size_t>(test::ShapeOf(k).Elements()), 2));
    return t.TryRun().ok();
  };
  EXPECT_TRUE(run(2, 2, {1, 4, 6}));
  EXPECT_FALSE(run(0, 0, {1, 4, 6}));
  EXPECT_FALSE(run(4, 4, {1, 4, 6}));
  EXPECT_FALSE(run(3, 2, {1, 4, 6}));
  EXPECT_FALSE(run(2, 2, {2, 4, 6}));
}

}  // namespace
}  // namespace pare
