#include <cmath>
#include <limits>

#include "tests/support/op_test.h"
#include "tests/support/random.h"
#include "tests/support/tolerance.h"

namespace pare {
namespace {

using fb::PoolKind;
using test::OpTest;
using Dims = std::vector<int64_t>;

struct Case {
  Dims x;  // [N, spatial..., C]
  Dims kernel, strides, dilations, pads;
  fb::AutoPad auto_pad = fb::AutoPad::Explicit;
  bool ceil_mode = false, include_pad = false;
};

fb::PoolT Attributes(const Case& c, PoolKind kind) {
  fb::PoolT a;
  a.kind = kind;
  a.kernel = c.kernel;
  a.strides = c.strides;
  a.dilations = c.dilations;
  a.pads = c.pads;
  a.auto_pad = c.auto_pad;
  a.ceil_mode = c.ceil_mode;
  a.count_include_pad = c.include_pad;
  a.p = 3;
  return a;
}

// The element of the output by the definition, given its sizes; pads are the resolved ones.
double Exact(const Case& c, const Dims& begin, const Dims& end, PoolKind kind,
             const std::vector<float>& x, const Dims& at) {
  const size_t rank = c.kernel.size();
  double max = -std::numeric_limits<double>::infinity(), sum = 0, power = 0;
  int64_t count = 0;
  for (int64_t tap = 0; tap < test::CountOf(c.kernel); ++tap) {
    int64_t rest = tap, offset = at[0];
    bool inside = true, padded = true;
    Dims t(rank);
    for (size_t d = rank; d-- > 0; rest /= c.kernel[d]) t[d] = rest % c.kernel[d];
    for (size_t d = 0; d < rank; ++d) {
      const int64_t stride = c.strides.empty() ? 1 : c.strides[d];
      const int64_t dilation = c.dilations.empty() ? 1 : c.dilations[d];
      const int64_t p = at[d + 1] * stride - begin[d] + t[d] * dilation;
      inside = inside && p >= 0 && p < c.x[d + 1];
      padded = padded && p < c.x[d + 1] + end[d];
      offset = offset * c.x[d + 1] + p;
    }
    count += c.include_pad ? padded : inside;
    if (!inside) continue;
    const double v = x[static_cast<size_t>(offset * c.x.back() + at.back())];
    max = std::fmax(max, v);
    sum += v;
    power += std::pow(std::fabs(v), 3);
  }
  if (kind == PoolKind::Max) return max;
  return kind == PoolKind::Lp ? std::cbrt(power) : sum / static_cast<double>(count);
}

void Check(const Case& c, const Dims& begin, const Dims& end, const Dims& y_dims) {
  const std::vector<float> x = test::Uniform(test::CountOf(c.x), -4, 4);
  for (PoolKind kind : {PoolKind::Max, PoolKind::Average, PoolKind::Lp}) {
    OpTest<fb::PoolT> t(Attributes(c, kind));
    t.In<float>(c.x, x).Threads(2);
    ASSERT_TRUE(t.Run());
    ASSERT_EQ(t.Shape(0), y_dims);
    const std::vector<float> y = t.Values<float>(0);
    for (size_t i = 0; i < y.size(); ++i) {
      Dims at(y_dims.size());
      int64_t rest = static_cast<int64_t>(i);
      for (size_t d = at.size(); d-- > 0; rest /= y_dims[d]) at[d] = rest % y_dims[d];
      const double exact = Exact(c, begin, end, kind, x, at);
      ASSERT_TRUE(test::IsClose(y[i], exact, kind == PoolKind::Max ? "exact" : "Pool", 4))
          << fb::EnumNamePoolKind(kind) << " at " << testing::PrintToString(at) << ": " << y[i]
          << " is not " << exact;
    }
  }
}

TEST(PoolOp, MatchesTheDefinition) {
  for (int64_t channels : {1, 3, 16, 20, 64, 83}) {
    Check({{2, 9, 11, channels}, {3, 3}, {2, 2}, {}, {1, 1, 1, 1}}, {1, 1}, {1, 1},
          {2, 5, 6, channels});
    Check({{1, 8, 8, channels}, {2, 2}, {2, 2}, {}, {}}, {0, 0}, {0, 0}, {1, 4, 4, channels});
  }
}

TEST(PoolOp, PoolsInOneToThreeDimensions) {
  Check({{2, 13, 5}, {4}, {3}, {}, {1, 2}}, {1}, {2}, {2, 5, 5});
  Check({{1, 5, 6, 7, 4}, {2, 3, 2}, {1, 2, 3}, {}, {0, 1, 1, 1, 0, 0}}, {0, 1, 1}, {1, 0, 0},
        {1, 5, 3, 3, 4});
}

TEST(PoolOp, Dilates) {
  Check({{1, 9, 9, 6}, {3, 2}, {1, 2}, {2, 3}, {2, 1, 2, 1}}, {2, 1}, {2, 1}, {1, 9, 4, 6});
}

TEST(PoolOp, CountsPaddingWhereAsked) {
  Case c{{1, 6, 6, 5}, {3, 3}, {2, 2}, {}, {1, 1, 1, 1}};
  c.include_pad = true;
  Check(c, {1, 1}, {1, 1}, {1, 3, 3, 5});
  c.ceil_mode = true;
  Check(c, {1, 1}, {1, 1}, {1, 4, 4, 5});
}

TEST(PoolOp, RoundsUpWithoutWindowsThatSeeOnlyPadding) {
  Case c{{1, 4, 4, 3}, {3, 3}, {2, 2}, {}, {}};
  c.ceil_mode = true;
  Check(c, {0, 0}, {0, 0}, {1, 2, 2, 3});
  // 1 + ceil((2 + 2 - 1) / 2) = 3 windows, but the third would start behind the input.
  Case last{{1, 2, 2, 3}, {1, 1}, {2, 2}, {}, {1, 1, 1, 1}};
  last.ceil_mode = true;
  last.include_pad = true;
  OpTest<fb::PoolT> t(Attributes(last, PoolKind::Average));
  t.In<float>(last.x, std::vector<float>(12, 1));
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Dims{1, 2, 2, 3}));
}

TEST(PoolOp, PadsAutomatically) {
  Case c{{1, 7, 8, 4}, {3, 3}, {2, 2}, {}, {}};
  c.auto_pad = fb::AutoPad::SameUpper;
  Check(c, {1, 0}, {1, 1}, {1, 4, 4, 4});
  c.auto_pad = fb::AutoPad::SameLower;
  Check(c, {1, 1}, {1, 0}, {1, 4, 4, 4});
  c.auto_pad = fb::AutoPad::Valid;
  Check(c, {0, 0}, {0, 0}, {1, 3, 3, 4});
}

TEST(PoolOp, GivesIndicesIntoTheChannelsFirstImage) {
  Case c{{1, 2, 4, 2}, {2, 2}, {2, 2}, {}, {}};
  fb::PoolT attributes = Attributes(c, PoolKind::Max);
  const std::vector<float> x = {1, 8, 2, 7, 3, 6, 4, 5,  // [1, 2, 4, 2]
                                9, 1, 0, 0, 0, 9, 0, 0};
  for (int64_t order : {0, 1}) {
    attributes.storage_order = order;
    OpTest<fb::PoolT> t(attributes);
    t.In<float>(c.x, x).Outputs(2);
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Values<float>(0), (std::vector<float>{9, 8, 4, 9}));
    EXPECT_EQ(t.Values<int64_t>(1), order == 0 ? (std::vector<int64_t>{4, 8, 3, 14})
                                               : (std::vector<int64_t>{1, 8, 6, 13}));
  }
}

TEST(PoolOp, RefusesBadAttributes) {
  const Case kCases[] = {
      {{1, 4, 4, 1}, {}, {}, {}, {}},
      {{1, 4, 4, 1}, {2}, {}, {}, {}},
      {{1, 4, 4, 1}, {0, 2}, {}, {}, {}},
      {{1, 4, 4, 1}, {2, 2}, {0, 1}, {}, {}},
      {{1, 4, 4, 1}, {2, 2}, {}, {}, {1, 1}},
      {{1, 4, 4, 1}, {2, 2}, {}, {}, {-1, 0, 0, 0}},
      {{1, 4, 4, 1}, {5, 5}, {}, {}, {}},
      {{1, 4, 4, 1}, {1 << 20, 1}, {}, {1 << 29, 1}, {}},
      {{4, 1}, {1}, {}, {}, {}},
  };
  for (const Case& c : kCases) {
    OpTest<fb::PoolT> t(Attributes(c, PoolKind::Max));
    t.In<float>(c.x, std::vector<float>(static_cast<size_t>(test::CountOf(c.x))));
    EXPECT_FALSE(t.TryRun().ok());
  }
}

TEST(MaxUnpoolOp, PutsValuesBackWhereTheyCameFrom) {
  fb::MaxUnpoolT attributes;
  attributes.kernel = {2, 2};
  attributes.strides = {2, 2};
  OpTest<fb::MaxUnpoolT> t(attributes);
  t.In<float>({1, 2, 2, 1}, {1, 2, 3, 4}).In<int64_t>({1, 2, 2, 1}, {5, 7, 13, 15});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Dims{1, 4, 4, 1}));
  EXPECT_EQ(t.Values<float>(0),
            (std::vector<float>{0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4}));
}

TEST(MaxUnpoolOp, FillsALargerOutputAndKeepsChannelsApart) {
  fb::MaxUnpoolT attributes;
  attributes.kernel = {2, 2};
  attributes.strides = {2, 2};
  OpTest<fb::MaxUnpoolT> t(attributes);
  // [1, 1, 1, 2] from a [1, 2, 2, 2] image (channels first): index 1 of channel 0, 2 of channel 1.
  t.In<float>({1, 1, 1, 2}, {8, 9})
      .In<int64_t>({1, 1, 1, 2}, {1, 6})
      .Known<int64_t>({4}, {1, 2, 3, 3});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Dims{1, 3, 3, 2}));
  std::vector<float> expected(18, 0);
  expected[2] = 8;
  expected[7] = 9;
  EXPECT_EQ(t.Values<float>(0), expected);
}

TEST(MaxUnpoolOp, RefusesIndicesOutsideTheImage) {
  for (int64_t index : {-1, 16}) {
    fb::MaxUnpoolT attributes;
    attributes.kernel = {2, 2};
    attributes.strides = {2, 2};
    OpTest<fb::MaxUnpoolT> t(attributes);
    t.In<float>({1, 2, 2, 1}, {1, 2, 3, 4}).In<int64_t>({1, 2, 2, 1}, {5, 7, index, 15});
    EXPECT_FALSE(t.TryRun().ok());
  }
}

}  // namespace
}  // namespace pare
