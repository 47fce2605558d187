// RoiAlign on [N, H, W, C]: averages (or the maxima of) bilinear samples of regions.
#include <algorithm>
#include <cmath>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"

namespace pare {
namespace {

constexpr int64_t kMostSamples = 4096;  // along one side of a bin; more cannot be meant

Status Infer(const NodeView& node) {
  const Tensor &x = *node.In(0), &rois = *node.In(1), &batches = *node.In(2);
  const auto& attributes = node.Attributes<fb::RoiAlign>();
  PARE_TRY(CheckIndexType(batches));
  if (x.dtype != DType::kF32 || rois.dtype != DType::kF32 || x.shape.rank != 4 ||
      rois.shape.rank != 2 || rois.shape[1] != 4 || batches.shape.rank != 1 ||
      batches.shape[0] != rois.shape[0]) {
    return ShapeError("RoiAlign: needs f32 x [N, H, W, C], regions [R, 4] and R batch indices");
  }
  if (attributes.output_height() < 0 || attributes.output_width() < 0 ||
      attributes.sampling_ratio() < 0 || attributes.sampling_ratio() > kMostSamples) {
    return ShapeError("RoiAlign: a size or the sampling ratio is out of range");
  }
  const Shape shape = {
      4, {rois.shape[0], attributes.output_height(), attributes.output_width(), x.shape[3]}};
  return SetCheckedOutput(node, 0, DType::kF32, shape);
}

// Where a sample reads along one side: two neighbours and the weight of the second.
struct Tap {
  int64_t low, high;
  float weight;
  bool inside;
};

Tap TapAt(float v, int64_t size) {
  if (!(v >= -1 && v <= static_cast<float>(size)) || size == 0) return {0, 0, 0, false};
  v = std::max(v, 0.0f);
  const int64_t low = std::min(static_cast<int64_t>(v), size - 1);
  const int64_t high = std::min(low + 1, size - 1);
  return {low, high, low == size - 1 ? 0 : v - static_cast<float>(low), true};
}

// A region in elements of the image.
struct Region {
  float top, left, bin_height, bin_width;
  int64_t samples_y, samples_x;
};

int64_t SamplesOf(int64_t ratio, float bin) {
  if (ratio > 0) return ratio;
  const float count = std::ceil(bin);
  return count > 0 ? static_cast<int64_t>(std::min(count, static_cast<float>(kMostSamples))) : 0;
}

Region RegionOf(const fb::RoiAlign& attributes, const float* roi) {
  const float scale = attributes.spatial_scale(), shift = attributes.half_pixel() ? 0.5f : 0;
  Region region;
  region.left = roi[0] * scale - shift;
  region.top = roi[1] * scale - shift;
  float width = roi[2] * scale - shift - region.left;
  float height = roi[3] * scale - shift - region.top;
  if (!attributes.half_pixel()) {
    width = std::max(width, 1.0f);
    height = std::max(height, 1.0f);
  }
  region.bin_height = height / static_cast<float>(attributes.output_height());
  region.bin_width = width / static_cast<float>(attributes.output_width());
  region.samples_y = SamplesOf(attributes.sampling_ratio(), region.bin_height);
  region.samples_x = SamplesOf(attributes.sampling_ratio(), region.bin_width);
  return region;
}

// Combines one sample of every channel into y: adds it, or keeps the largest of its four weighted
// neighbours, as ONNX defines the maximum.
void AddSample(const float* image, const Shape& x, const Tap& ty, const Tap& tx, bool max,
               bool first, float* y) {
  const int64_t channels = x[3], row = x[2] * channels;
  const float* p00 = image + ty.low * row + tx.low * channels;
  const float* p01 = image + ty.low * row + tx.high * channels;
  const float* p10 = image + ty.high * row + tx.low * channels;
  const float* p11 = image + ty.high * row + tx.high * channels;
  const float w00 = (1 - ty.weight) * (1 - tx.weight), w01 = (1 - ty.weight) * tx.weight;
  const float w10 = ty.weight * (1 - tx.weight), w11 = ty.weight * tx.weight;
  for (int64_t c = 0; c < channels; ++c) {
    const float a = w00 * p00[c], b = w01 * p01[c], d = w10 * p10[c], e = w11 * p11[c];
    if (max) {
      const float largest = std::max(std::max(a, b), std::max(d, e));
      y[c] = first ? largest : std::max(y[c], largest);
    } else {
      y[c] += a + b + d + e;
    }
  }
}

void Bin(const float* image, const Shape& x, const Region& region, int64_t row, int64_t column,
         bool max, float* y) {
  const int64_t channels = x[3];
  std::fill(y, y + channels, 0.0f);
  bool first = true;
  for (int64_t i = 0; i < region.samples_y; ++i) {
    const float fy = (static_cast<float>(i) + 0.5f) / static_cast<float>(region.samples_y);
    const Tap ty = TapAt(region.top + (static_cast<float>(row) + fy) * region.bin_height, x[1]);
    for (int64_t j = 0; j < region.samples_x; ++j) {
      const float fx = (static_cast<float>(j) + 0.5f) / static_cast<float>(region.samples_x);
      const Tap tx =
          TapAt(region.left + (static_cast<float>(column) + fx) * region.bin_width, x[2]);
      if (ty.inside && tx.inside) {
        AddSample(image, x, ty, tx, max, first, y);
      } else if (max) {
        for (int64_t c = 0; c < channels; ++c) y[c] = first ? 0 : std::max(y[c], 0.0f);
      }
      first = false;
    }
  }
  if (max) return;
  const int64_t samples = std::max<int64_t>(region.samples_y * region.samples_x, 1);
  for (int64_t c = 0; c < channels; ++c) y[c] /= static_cast<float>(samples);
}

Status Run(const RunContext& context) {
  const Tensor &x = *context.In(0), &rois = *context.In(1), &batches = *context.In(2);
  const Tensor* out = context.Out(0);
  if (out == nullptr || out->Elements() == 0) return Ok();
  const auto& attributes = context.Attributes<fb::RoiAlign>();
  const Indices batch(batches);
  for (int64_t r = 0; r < rois.shape[0]; ++r) {
    if (batch[r] < 0 || batch[r] >= x.shape[0]) {
      return Error(Code::kInvalidArgument, "RoiAlign: a batch index is outside the batch");
    }
  }
  const int64_t height = out->shape[1], width = out->shape[2], channels = out->shape[3];
  const int64_t image = x.shape.Elements(1, 4);
  context.threads->ForRange(
      static_cast<size_t>(rois.shape[0] * height), 1, [&](size_t begin, size_t end, size_t) {
        for (auto i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
          const int64_t r = i / height, row = i % height;
          const Region region = RegionOf(attributes, rois.Data<float>() + r * 4);
          for (int64_t column = 0; column < width; ++column) {
            Bin(x.Data<float>() + batch[r] * image, x.shape, region, row, column, attributes.max(),
                out->Data<float>() + (i * width + column) * channels);
          }
        }
      });
  return Ok();
}

}  // namespace

extern const OpDef kRoiAlignOp = {"RoiAlign", 3, 3, 1, 1, Infer, nullptr, Run};

}  // namespace pare
