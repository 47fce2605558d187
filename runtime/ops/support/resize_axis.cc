#include "runtime/ops/support/resize_axis.h"

#include <cmath>

#include "model_generated.h"
#include "runtime/ops/support/arguments.h"

namespace pare {
namespace {

using fb::CoordinateMode;

// roi, scales: floats of an input or an attribute. *count is 0 where there are none.
Status ReadFloats(const NodeView& node, uint32_t input, const flatbuffers::Vector<float>* attribute,
                  bool running, float* values, int capacity, int* count) {
  const Tensor* t = node.In(input);
  int64_t n = attribute != nullptr ? attribute->size() : 0;
  if (t != nullptr) {
    if (t->dtype != DType::kF32) return ShapeError("scales and roi of Resize must be f32");
    n = t->Elements();
  }
  if (n > capacity) return ShapeError("too many scales");
  if (t != nullptr && n > 0 && !running && !t->known) {
    return Error(Code::kUnknownSize,
                 "the scales of Resize are not known; give them when the session is created");
  }
  *count = static_cast<int>(n);
  for (int i = 0; i < *count; ++i) {
    values[i] = t != nullptr ? t->Data<float>()[i] : attribute->Get(static_cast<uint32_t>(i));
  }
  return Ok();
}

constexpr int64_t kLargest = INT32_MAX;  // positions are 32-bit

Status Scale(float scale, ResizeAxis* axis) {
  const double out = std::floor(static_cast<double>(axis->in) * scale);
  if (!(scale > 0) || !(out <= static_cast<double>(kLargest))) {
    return ShapeError("a scale of Resize is not positive or too large");
  }
  axis->scale = scale;
  axis->out = static_cast<int64_t>(out);
  return Ok();
}

Status Resized(int64_t size, ResizeAxis* axis) {
  if (size < 0 || size > kLargest) return ShapeError("a size of Resize is out of range");
  axis->out = size;
  axis->scale = axis->in > 0 ? static_cast<double>(size) / static_cast<double>(axis->in) : 1;
  return Ok();
}

// Which dimension entry i of scales, sizes and roi is about.
Status ReadAxes(const NodeView& node, const fb::Resize& attributes, int64_t* axes, int* count) {
  const int rank = node.In(0)->shape.rank;
  PARE_TRY(ReadIntegers(node, UINT32_MAX, attributes.axes(), axes, kMaxRank, count));
  if (*count == 0) {
    for (int i = 0; i < rank; ++i) axes[i] = i;
    *count = rank;
    return Ok();
  }
  uint32_t mask;
  PARE_TRY(AxesMask(axes, *count, rank, &mask));
  for (int i = 0; i < *count; ++i) (void)NormalizeAxis(rank, &axes[i]);
  return Ok();
}

Status ReadRegion(const NodeView& node, bool running, const int64_t* listed, int count,
                  ResizeAxis* axes) {
  const Tensor* t = node.In(1);
  if (!running && t != nullptr && !t->known) return Ok();  // not needed for sizes
  float roi[2 * kMaxRank];
  int given;
  PARE_TRY(ReadFloats(node, 1, nullptr, running, roi, 2 * kMaxRank, &given));
  if (given != 2 * count) return ShapeError("the roi of Resize needs two values for each axis");
  for (int i = 0; i < count; ++i) {
    axes[listed[i]].begin = roi[i];
    axes[listed[i]].end = roi[count + i];
  }
  return Ok();
}

double Coordinate(CoordinateMode mode, const ResizeAxis& axis, int64_t position) {
  const auto x = static_cast<double>(position), in = static_cast<double>(axis.in),
             out = static_cast<double>(axis.out);
  switch (mode) {
    case CoordinateMode::PytorchHalfPixel: return axis.out > 1 ? (x + 0.5) / axis.scale - 0.5 : 0;
    case CoordinateMode::AlignCorners: {
      const double length = in * axis.scale;
      return axis.out > 1 && length > 1 ? x * (in - 1) / (length - 1) : 0;
    }
    case CoordinateMode::Asymmetric: return x / axis.scale;
    case CoordinateMode::TfCropAndResize:
      if (axis.out <= 1) return 0.5 * (axis.begin + axis.end) * (in - 1);
      return axis.begin * (in - 1) + x * (axis.end - axis.begin) * (in - 1) / (out - 1);
    case CoordinateMode::HalfPixelSymmetric: {
      const double adjustment = out / (in * axis.scale);
      return in / 2 * (1 - adjustment) + (x + 0.5) / axis.scale - 0.5;
    }
    default: return (x + 0.5) / axis.scale - 0.5;
  }
}

double Nearest(fb::NearestMode mode, double x) {
  switch (mode) {
    case fb::NearestMode::RoundPreferCeil: return std::floor(x + 0.5);
    case fb::NearestMode::Floor: return std::floor(x);
    case fb::NearestMode::Ceil: return std::ceil(x);
    default: return std::ceil(x - 0.5);
  }
}

// The four weights of the cubic kernel at fraction f.
void Cubic(double a, double f, double* w) {
  const auto near = [a](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  const auto far = [a](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  w[0] = far(1 + f);
  w[1] = near(f);
  w[2] = near(1 - f);
  w[3] = far(2 - f);
}

// Taps from `first` on, clamped into the axis; those outside count nothing where asked.
void Place(const ResizeAxis& axis, double first, double* w, int taps, bool exclude,
           ResizeTap* tap) {
  const auto last = static_cast<double>(axis.in - 1);
  double sum = 0;
  for (int t = 0; t < taps; ++t) {
    if (exclude && (first + t < 0 || first + t > last)) w[t] = 0;
    sum += w[t];
  }
  for (int t = 0; t < taps; ++t) {
    const double at = std::fmin(std::fmax(first + t, 0), last);
    tap->index[t] = static_cast<int32_t>(at);
    tap->weight[t] = static_cast<float>(exclude && sum != 0 ? w[t] / sum : w[t]);
  }
}

}  // namespace

Status ReadResize(const NodeView& node, bool running, ResizeAxis* axes) {
  const auto& attributes = node.Attributes<fb::Resize>();
  const Shape& x = node.In(0)->shape;
  int64_t listed[kMaxRank], sizes[kMaxRank];
  float scales[kMaxRank];
  int count, size_count, scale_count;
  PARE_TRY(ReadAxes(node, attributes, listed, &count));
  PARE_TRY(ReadArguments(node, 3, attributes.sizes(), running, sizes, kMaxRank, &size_count));
  PARE_TRY(ReadFloats(node, 2, attributes.scales(), running, scales, kMaxRank, &scale_count));
  if (size_count != count && (size_count != 0 || scale_count != count)) {
    return ShapeError("Resize needs a scale or a size for each axis");
  }
  for (int i = 0; i < x.rank; ++i) {
    if (x[i] > kLargest) return ShapeError("a dimension of Resize is too large");
    axes[i].in = axes[i].out = x[i];
  }
  for (int i = 0; i < count; ++i) {
    ResizeAxis* axis = &axes[listed[i]];
    PARE_TRY(size_count != 0 ? Resized(sizes[i], axis) : Scale(scales[i], axis));
    if (axis->in == 0 && axis->out != 0) return ShapeError("Resize of an empty dimension");
  }
  if (attributes.coordinate() != CoordinateMode::TfCropAndResize) return Ok();
  return ReadRegion(node, running, listed, count, axes);
}

bool IsUnchanged(const fb::Resize& attributes, const ResizeAxis& axis) {
  if (axis.in != axis.out) return false;
  if (attributes.coordinate() == CoordinateMode::TfCropAndResize) {
    return axis.begin == 0 && axis.end == 1;
  }
  return axis.scale == 1;
}

void FillPositions(const fb::Resize& attributes, const ResizeAxis& axis, ResizeTap* positions) {
  const auto last = static_cast<double>(axis.in - 1);
  const bool crop = attributes.coordinate() == CoordinateMode::TfCropAndResize;
  for (int64_t i = 0; i < axis.out; ++i) {
    ResizeTap* tap = &positions[i];
    *tap = {};
    double x = Coordinate(attributes.coordinate(), axis, i);
    if ((crop && (x < 0 || x > last)) || x != x) {
      tap->index[0] = -1;
      continue;
    }
    x = std::fmin(std::fmax(x, -8.0), last + 8);  // farther out, nothing changes
    double w[kMaxTaps] = {1};
    if (attributes.mode() == fb::ResizeMode::Nearest) {
      Place(axis, Nearest(attributes.nearest(), x), w, 1, false, tap);
      continue;
    }
    const double floor = std::floor(x), fraction = x - floor;
    if (attributes.mode() == fb::ResizeMode::Linear) {
      w[0] = 1 - fraction;
      w[1] = fraction;
      Place(axis, floor, w, 2, attributes.exclude_outside(), tap);
    } else {
      Cubic(attributes.cubic_a(), fraction, w);
      Place(axis, floor - 1, w, 4, attributes.exclude_outside(), tap);
    }
  }
}

}  // namespace pare
