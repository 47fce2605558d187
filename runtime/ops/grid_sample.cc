// GridSample on [N, spatial..., C] with one to three spatial dimensions (cubic: two): reads the
// input at the normalised coordinates of a grid [N, output spatial..., dimensions], x first.
#include <cmath>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"

namespace pare {
namespace {

constexpr int kMaxSpatial = 3;
constexpr int kCubicTaps = 4;
constexpr double kCubicA = -0.75;

Status Infer(const NodeView& node) {
  const Tensor &x = *node.In(0), &grid = *node.In(1);
  const auto& attributes = node.Attributes<fb::GridSample>();
  const int spatial = x.shape.rank - 2;
  if (x.dtype != DType::kF32 || grid.dtype != DType::kF32 || spatial < 1 || spatial > kMaxSpatial ||
      grid.shape.rank != x.shape.rank || grid.shape[spatial + 1] != spatial ||
      grid.shape[0] != x.shape[0]) {
    return ShapeError(
        "GridSample: needs f32 x [N, spatial..., C] and a grid with a coordinate "
        "for each spatial dimension");
  }
  if (attributes.mode() > fb::GridMode::MAX || attributes.padding() > fb::GridPadding::MAX) {
    return ShapeError("GridSample: no such mode");
  }
  Shape shape = grid.shape;
  shape[spatial + 1] = x.shape[spatial + 1];
  for (int d = 1; d <= spatial; ++d) {
    if (x.shape[d] == 0 && grid.Elements() != 0) {
      return ShapeError("GridSample: there is nothing to read from an empty input");
    }
  }
  return SetCheckedOutput(node, 0, DType::kF32, shape);
}

// Mirrors v at low and high until it lies between them.
double Reflect(double v, double low, double high) {
  const double range = high - low;
  if (range <= 0) return low;
  double t = std::fmod(std::fabs(v - low), 2 * range);
  if (t > range) t = 2 * range - t;
  return t + low;
}

// One dimension of the input.
struct Axis {
  int64_t size;
  int64_t stride;  // elements
};

// The samplers of one call; everything but the position.
struct Sampler {
  fb::GridMode mode;
  fb::GridPadding padding;
  bool align_corners;
  int spatial;
  Axis axes[kMaxSpatial];  // outermost first
  int64_t channels;

  // Position in elements of a normalised coordinate.
  double Denormalise(double v, int axis) const {
    const double size = static_cast<double>(axes[axis].size);
    return align_corners ? (v + 1) / 2 * (size - 1) : ((v + 1) * size - 1) / 2;
  }
  double Limit(double v, int axis) const {
    const double size = static_cast<double>(axes[axis].size);
    if (padding == fb::GridPadding::Border) return std::fmin(std::fmax(v, 0.0), size - 1);
    if (padding == fb::GridPadding::Reflection) {
      v = align_corners ? Reflect(v, 0, size - 1) : Reflect(v, -0.5, size - 0.5);
      return std::fmin(std::fmax(v, 0.0), size - 1);
    }
    return v;
  }
  // Element of a whole position, or -1 where zeros are read.
  int64_t Resolve(double at, int axis) const {
    if (!std::isfinite(at)) return padding == fb::GridPadding::Zeros ? -1 : 0;
    at = Limit(at, axis);
    return at >= 0 && at < static_cast<double>(axes[axis].size) ? static_cast<int64_t>(at) : -1;
  }
};

// The elements of one dimension that a position reads, and their weights.
struct Taps {
  int count;
  int64_t at[kCubicTaps];
  double weight[kCubicTaps];
};

// Weights of the four neighbours of a position `t` after the second.
void CubicWeights(double t, double* w) {
  const auto outer = [](double d) {
    return ((kCubicA * d - 5 * kCubicA) * d + 8 * kCubicA) * d - 4 * kCubicA;
  };
  const auto inner = [](double d) { return ((kCubicA + 2) * d - (kCubicA + 3)) * d * d + 1; };
  w[0] = outer(t + 1);
  w[1] = inner(t);
  w[2] = inner(1 - t);
  w[3] = outer(2 - t);
}

Taps TapsOf(const Sampler& s, double v, int axis) {
  Taps taps = {};
  double at = s.Denormalise(v, axis);
  if (s.mode != fb::GridMode::Bicubic) at = s.Limit(at, axis);
  if (s.mode == fb::GridMode::Nearest) {
    taps.count = 1;
    taps.at[0] = s.Resolve(std::nearbyint(at), axis);
    taps.weight[0] = 1;
    return taps;
  }
  const double floor = std::floor(at);
  const double t = std::isfinite(at) ? at - floor : 0;
  if (s.mode == fb::GridMode::Bilinear) {
    taps.count = 2;
    taps.weight[0] = 1 - t;
    taps.weight[1] = t;
  } else {
    taps.count = kCubicTaps;
    CubicWeights(t, taps.weight);
  }
  const double first = s.mode == fb::GridMode::Bicubic ? floor - 1 : floor;
  for (int i = 0; i < taps.count; ++i) {
    double position = first + i;
    // A linear neighbour beyond the limited position has no weight; it must not reflect.
    if (s.mode == fb::GridMode::Bilinear && s.padding != fb::GridPadding::Zeros) {
      position = std::fmin(position, static_cast<double>(s.axes[axis].size - 1));
    }
    taps.at[i] = s.Resolve(position, axis);
  }
  return taps;
}

void Accumulate(const float* x, int64_t channels, double weight, float* y) {
  const float w = static_cast<float>(weight);
  for (int64_t c = 0; c < channels; ++c) y[c] += w * x[c];
}

// Adds all products of taps to y, which is zero.
void Sample(const Sampler& s, const Taps* taps, const float* x, float* y) {
  int at[kMaxSpatial] = {};
  for (;;) {
    int64_t offset = 0;
    double weight = 1;
    bool inside = true;
    for (int d = 0; d < s.spatial; ++d) {
      const int64_t element = taps[d].at[at[d]];
      inside &= element >= 0;
      offset += element * s.axes[d].stride;
      weight *= taps[d].weight[at[d]];
    }
    if (inside) Accumulate(x + offset, s.channels, weight, y);
    int d = s.spatial - 1;
    for (; d >= 0; --d) {
      if (++at[d] < taps[d].count) break;
      at[d] = 0;
    }
    if (d < 0) return;
  }
}

Status Run(const RunContext& context) {
  const Tensor &x = *context.In(0), &grid = *context.In(1);
  const Tensor* out = context.Out(0);
  if (out == nullptr || out->Elements() == 0) return Ok();
  const auto& attributes = context.Attributes<fb::GridSample>();
  Sampler s = {};
  s.mode = attributes.mode();
  s.padding = attributes.padding();
  s.align_corners = attributes.align_corners();
  s.spatial = x.shape.rank - 2;
  s.channels = x.shape[s.spatial + 1];
  for (int d = 0; d < s.spatial; ++d) {
    s.axes[d] = {x.shape[d + 1], x.shape.Elements(d + 2, x.shape.rank)};
  }
  const int64_t image = x.shape.Elements(1, x.shape.rank);
  const int64_t points = grid.shape.Elements(1, s.spatial + 1);
  constexpr size_t kPointsPerTask = 256;
  context.threads->ForRange(
      static_cast<size_t>(grid.shape[0] * points), kPointsPerTask,
      [&](size_t begin, size_t end, size_t) {
        for (size_t i = begin; i < end; ++i) {
          const float* v = grid.Data<float>() + i * static_cast<size_t>(s.spatial);
          Taps taps[kMaxSpatial];
          for (int d = 0; d < s.spatial; ++d) {
            taps[d] = TapsOf(s, static_cast<double>(v[s.spatial - 1 - d]), d);
          }
          float* y = out->Data<float>() + i * static_cast<size_t>(s.channels);
          for (int64_t c = 0; c < s.channels; ++c) y[c] = 0;
          Sample(s, taps, x.Data<float>() + static_cast<int64_t>(i) / points * image, y);
        }
      });
  return Ok();
}

}  // namespace

extern const OpDef kGridSampleOp = {"GridSample", 2, 2, 1, 1, Infer, nullptr, Run};

}  // namespace pare
