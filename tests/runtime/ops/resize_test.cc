#include <cmath>

#include "tests/support/op_test.h"
#include "tests/support/random.h"
#include "tests/support/tolerance.h"

namespace pare {
namespace {

using fb::CoordinateMode;
using fb::NearestMode;
using fb::ResizeMode;
using test::OpTest;
using Dims = std::vector<int64_t>;

double Coordinate(CoordinateMode mode, double x, double in, double out, double scale) {
  switch (mode) {
    case CoordinateMode::HalfPixel: return (x + 0.5) / scale - 0.5;
    case CoordinateMode::PytorchHalfPixel: return out > 1 ? (x + 0.5) / scale - 0.5 : 0;
    case CoordinateMode::AlignCorners: return out > 1 ? x * (in - 1) / (out - 1) : 0;
    case CoordinateMode::HalfPixelSymmetric:
      return in / 2 * (1 - out / (in * scale)) + (x + 0.5) / scale - 0.5;
    default: return x / scale;
  }
}

struct Tap {
  int64_t index;
  double weight;
};

std::vector<Tap> Taps(const fb::ResizeT& a, double x, int64_t in) {
  std::vector<Tap> taps;
  const double f = x - std::floor(x);
  const auto first = static_cast<int64_t>(std::floor(x));
  if (a.mode == ResizeMode::Nearest) {
    const double rounded[] = {std::ceil(x - 0.5), std::floor(x + 0.5), std::floor(x), std::ceil(x)};
    taps = {{static_cast<int64_t>(rounded[static_cast<int>(a.nearest)]), 1}};
  } else if (a.mode == ResizeMode::Linear) {
    taps = {{first, 1 - f}, {first + 1, f}};
  } else {
    const double c = a.cubic_a;
    for (int64_t t = -1; t <= 2; ++t) {
      const double d = std::fabs(f - static_cast<double>(t));
      const double w = d <= 1 ? (c + 2) * d * d * d - (c + 3) * d * d + 1
                              : c * d * d * d - 5 * c * d * d + 8 * c * d - 4 * c;
      taps.push_back({first + t, w});
    }
  }
  double sum = 0;
  for (Tap& t : taps) {
    if (a.exclude_outside && (t.index < 0 || t.index >= in)) t.weight = 0;
    sum += t.weight;
    t.index = std::min(std::max(t.index, int64_t{0}), in - 1);
  }
  for (Tap& t : taps) t.weight /= a.exclude_outside ? sum : 1;
  return taps;
}

// The product of the axes' weights over every combination of taps.
double Exact(const fb::ResizeT& a, const std::vector<float>& x, const Dims& dims, const Dims& out,
             const Dims& at, size_t axis, int64_t offset) {
  if (axis == dims.size()) return x[static_cast<size_t>(offset)];
  const double scale = a.scales.empty()
                           ? static_cast<double>(out[axis]) / static_cast<double>(dims[axis])
                           : a.scales[axis];
  const double coordinate =
      Coordinate(a.coordinate, static_cast<double>(at[axis]), static_cast<double>(dims[axis]),
                 static_cast<double>(out[axis]), scale);
  double sum = 0;
  for (const Tap& t : Taps(a, coordinate, dims[axis])) {
    if (t.weight == 0) continue;
    sum += t.weight * Exact(a, x, dims, out, at, axis + 1, offset * dims[axis] + t.index);
  }
  return sum;
}

void Check(const fb::ResizeT& a, const Dims& dims, const Dims& out) {
  const std::vector<float> x = test::Uniform(test::CountOf(dims), -1, 1);
  OpTest<fb::ResizeT> t(a);
  t.In<float>(dims, x).Threads(2);
  ASSERT_TRUE(t.Run());
  ASSERT_EQ(t.Shape(0), out);
  const std::vector<float> y = t.Values<float>(0);
  for (size_t i = 0; i < y.size(); ++i) {
    Dims at(out.size());
    int64_t rest = static_cast<int64_t>(i);
    for (size_t d = at.size(); d-- > 0; rest /= out[d]) at[d] = rest % out[d];
    const double exact = Exact(a, x, dims, out, at, 0, 0);
    ASSERT_TRUE(test::IsClose(y[i], exact, a.mode == ResizeMode::Nearest ? "exact" : "Resize"))
        << fb::EnumNameResizeMode(a.mode) << " " << fb::EnumNameCoordinateMode(a.coordinate)
        << " at " << testing::PrintToString(at) << ": " << y[i] << " is not " << exact;
  }
}

TEST(ResizeOp, MatchesTheDefinitionInEveryMode) {
  for (ResizeMode mode : {ResizeMode::Nearest, ResizeMode::Linear, ResizeMode::Cubic}) {
    for (CoordinateMode coordinate :
         {CoordinateMode::HalfPixel, CoordinateMode::PytorchHalfPixel, CoordinateMode::AlignCorners,
          CoordinateMode::Asymmetric, CoordinateMode::HalfPixelSymmetric}) {
      fb::ResizeT a;
      a.mode = mode;
      a.coordinate = coordinate;
      for (const Dims& out :
           {Dims{2, 10, 14, 20}, Dims{2, 3, 4, 20}, Dims{2, 5, 1, 20}, Dims{2, 8, 11, 20}}) {
        a.sizes = out;
        Check(a, {2, 5, 7, 20}, out);
      }
      a.sizes = {1, 9, 4};
      Check(a, {1, 4, 4}, {1, 9, 4});
    }
  }
}

TEST(ResizeOp, RoundsNearestFourWays) {
  for (NearestMode nearest : {NearestMode::RoundPreferFloor, NearestMode::RoundPreferCeil,
                              NearestMode::Floor, NearestMode::Ceil}) {
    fb::ResizeT a;
    a.nearest = nearest;
    a.coordinate = CoordinateMode::Asymmetric;
    a.sizes = {1, 8, 6, 3};
    Check(a, {1, 4, 4, 3}, a.sizes);
  }
}

TEST(ResizeOp, ScalesInEveryDimensionAndLeavesTheOutsideOut) {
  fb::ResizeT a;
  a.scales = {1, 1.5f, 2, 2.5f, 1};
  a.mode = ResizeMode::Linear;
  Check(a, {2, 3, 4, 2, 5}, {2, 4, 8, 5, 5});
  a.mode = ResizeMode::Nearest;
  Check(a, {2, 3, 4, 2, 5}, {2, 4, 8, 5, 5});
  fb::ResizeT cubic;
  cubic.mode = ResizeMode::Cubic;
  cubic.exclude_outside = true;
  cubic.cubic_a = -0.5f;
  cubic.sizes = {1, 9, 3, 2};
  Check(cubic, {1, 4, 5, 2}, cubic.sizes);
}

TEST(ResizeOp, ReadsScalesSizesAndAxesFromInputs) {
  fb::ResizeT a;
  a.coordinate = CoordinateMode::Asymmetric;
  a.nearest = NearestMode::Floor;
  OpTest<fb::ResizeT> scales(a);
  scales.In<float>({1, 2}, {1, 2}).Absent().Known<float>({2}, {1, 2});
  ASSERT_TRUE(scales.Run());
  EXPECT_EQ(scales.Values<float>(0), (std::vector<float>{1, 1, 2, 2}));
  a.axes = {-1};
  OpTest<fb::ResizeT> sizes(a);
  sizes.In<int64_t>({1, 2}, {1, 2}).Absent().Absent().Known<int64_t>({1}, {6});
  ASSERT_TRUE(sizes.Run());
  EXPECT_EQ(sizes.Values<int64_t>(0), (std::vector<int64_t>{1, 1, 1, 2, 2, 2}));
}

TEST(ResizeOp, CropsAndExtrapolates) {
  fb::ResizeT a;
  a.mode = ResizeMode::Linear;
  a.coordinate = CoordinateMode::TfCropAndResize;
  a.extrapolation = 10;
  a.sizes = {1, 4};
  OpTest<fb::ResizeT> t(a);
  t.In<float>({1, 4}, {0, 1, 2, 3}).In<float>({4}, {0, 0, 1, 2});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (std::vector<float>{0, 2, 10, 10}));
}

TEST(ResizeOp, RefusesBadSizesAndTypes) {
  const auto refused = [](fb::ResizeT a) {
    OpTest<fb::ResizeT> t(std::move(a));
    t.In<float>({1, 2}, {1, 2});
    return !t.TryRun().ok();
  };
  fb::ResizeT a;
  EXPECT_TRUE(refused(a));
  a.sizes = {1};
  EXPECT_TRUE(refused(a));
  a.sizes = {1, -1};
  EXPECT_TRUE(refused(a));
  a.sizes.clear();
  for (float scale : {0.0f, -1.0f, std::nanf(""), 1e30f}) {
    a.scales = {1, scale};
    EXPECT_TRUE(refused(a));
  }
  a.scales.clear();
  a.sizes = {1, 2};
  a.axes = {0, 2};
  EXPECT_TRUE(refused(a));
  fb::ResizeT linear;
  linear.mode = ResizeMode::Linear;
  linear.sizes = {2};
  OpTest<fb::ResizeT> integers(linear);
  integers.In<int32_t>({1}, {1});
  EXPECT_FALSE(integers.TryRun().ok());
}

}  // namespace
}  // namespace pare
