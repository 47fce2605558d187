// Operators that move or sample pixels.
#include "converter/import/onnx/image.h"

#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

template <class Enum>
struct Word {
  const char* name;
  Enum value;
};

// The attribute as one of `words`, or an error that says what it is instead.
template <class Enum, size_t N>
Status ReadWord(OnnxNode& n, const char* attribute, const char* otherwise,
                const Word<Enum> (&words)[N], Enum* value) {
  const std::string text = n.String(attribute, otherwise);
  for (const auto& word : words) {
    if (text == word.name) {
      *value = word.value;
      return Ok();
    }
  }
  return Unsupported(std::string(attribute) + " '" + text + "'");
}

constexpr Word<fb::ResizeMode> kResizeModes[] = {{"nearest", fb::ResizeMode::Nearest},
                                                 {"linear", fb::ResizeMode::Linear},
                                                 {"bilinear", fb::ResizeMode::Linear},
                                                 {"cubic", fb::ResizeMode::Cubic}};
constexpr Word<fb::CoordinateMode> kCoordinates[] = {
    {"half_pixel", fb::CoordinateMode::HalfPixel},
    {"pytorch_half_pixel", fb::CoordinateMode::PytorchHalfPixel},
    {"align_corners", fb::CoordinateMode::AlignCorners},
    {"asymmetric", fb::CoordinateMode::Asymmetric},
    {"tf_crop_and_resize", fb::CoordinateMode::TfCropAndResize},
    {"half_pixel_symmetric", fb::CoordinateMode::HalfPixelSymmetric}};
constexpr Word<fb::NearestMode> kNearest[] = {
    {"round_prefer_floor", fb::NearestMode::RoundPreferFloor},
    {"round_prefer_ceil", fb::NearestMode::RoundPreferCeil},
    {"floor", fb::NearestMode::Floor},
    {"ceil", fb::NearestMode::Ceil}};
constexpr Word<fb::GridMode> kGridModes[] = {{"bilinear", fb::GridMode::Bilinear},
                                             {"linear", fb::GridMode::Bilinear},
                                             {"nearest", fb::GridMode::Nearest},
                                             {"bicubic", fb::GridMode::Bicubic},
                                             {"cubic", fb::GridMode::Bicubic}};
constexpr Word<fb::GridPadding> kGridPaddings[] = {{"zeros", fb::GridPadding::Zeros},
                                                   {"border", fb::GridPadding::Border},
                                                   {"reflection", fb::GridPadding::Reflection}};

// An empty constant stands for an input that is not given.
ValueId NotEmpty(OnnxNode& n, ValueId v) {
  const Weight* w = v == kAbsent ? nullptr : n.graph().ConstantOf(v);
  return w != nullptr && w->shape.Elements() == 0 ? kAbsent : v;
}

// Upsample, and Resize of opset 10: x, scales. Pixels are taken from floor(i / scale).
Status ImportUpsample(OnnxNode& n, ValueId scales) {
  fb::ResizeT op;
  PARE_TRY(ReadWord(n, "mode", "nearest", kResizeModes, &op.mode));
  op.coordinate = fb::CoordinateMode::Asymmetric;
  op.nearest = fb::NearestMode::Floor;
  if (scales == kAbsent) {
    op.scales = n.Floats("scales");
  } else if (n.FloatsOf(scales, &op.scales)) {
    scales = kAbsent;
  }
  return n.Emit(std::move(op), {n.In(0), kAbsent, scales});
}

Status ImportResize(OnnxNode& n) {
  if (n.op() == "Upsample" || n.opset() < 11) return ImportUpsample(n, n.In(1));
  fb::ResizeT op;
  PARE_TRY(ReadWord(n, "mode", "nearest", kResizeModes, &op.mode));
  PARE_TRY(ReadWord(n, "nearest_mode", "round_prefer_floor", kNearest, &op.nearest));
  if (n.String("coordinate_transformation_mode", "") == "tf_half_pixel_for_nn" &&
      op.mode == fb::ResizeMode::Nearest &&
      (op.nearest == fb::NearestMode::Floor || op.nearest == fb::NearestMode::RoundPreferFloor)) {
    // Of opset 11 only: (i + 0.5) / scale, half a pixel above half_pixel. The rounding makes up for
    // it: floor(v) is v - 0.5 rounded half up, and v rounded half down is ceil(v - 0.5).
    op.nearest = op.nearest == fb::NearestMode::Floor ? fb::NearestMode::RoundPreferCeil
                                                      : fb::NearestMode::Ceil;
  } else {
    PARE_TRY(
        ReadWord(n, "coordinate_transformation_mode", "half_pixel", kCoordinates, &op.coordinate));
  }
  op.cubic_a = n.Float("cubic_coeff_a", -0.75F);
  op.exclude_outside = n.Int("exclude_outside", 0) != 0;
  op.extrapolation = n.Float("extrapolation_value", 0);
  op.axes = n.Ints("axes");
  if (n.Int("antialias", 0) != 0) return Unsupported("antialias");
  if (n.String("keep_aspect_ratio_policy", "stretch") != "stretch")
    return Unsupported("a keep_aspect_ratio_policy other than stretch");
  const bool crops = op.coordinate == fb::CoordinateMode::TfCropAndResize;
  const ValueId roi = crops ? NotEmpty(n, n.In(1)) : kAbsent;
  ValueId scales = NotEmpty(n, n.In(2)), sizes = NotEmpty(n, n.In(3));
  if (n.FloatsOf(scales, &op.scales)) scales = kAbsent;
  if (n.Integers(sizes, &op.sizes)) sizes = kAbsent;
  return n.Emit(std::move(op), {n.In(0), roi, scales, sizes});
}

Status ImportDepthToSpace(OnnxNode& n) {
  fb::DepthToSpaceT op;
  op.block = n.Int("blocksize", 0);
  const std::string mode = n.String("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") return Unsupported("mode '" + mode + "'");
  op.crd = mode == "CRD";
  n.EmitChannelsFirst(0, n.Make(std::move(op), {n.ToChannelsLast(n.In(0), 4)}), 4);
  return Ok();
}

Status ImportSpaceToDepth(OnnxNode& n) {
  fb::SpaceToDepthT op;
  if (n.String("mode", "DCR") != "DCR") return Unsupported("another mode than DCR");
  op.block = n.Int("blocksize", 0);
  n.EmitChannelsFirst(0, n.Make(std::move(op), {n.ToChannelsLast(n.In(0), 4)}), 4);
  return Ok();
}

Status ImportGridSample(OnnxNode& n) {
  const int rank = n.Of(n.In(0)).rank;
  if (rank >= 0 && rank != 4) return Unsupported("anything but images of two dimensions");
  fb::GridSampleT op;
  PARE_TRY(ReadWord(n, "mode", "bilinear", kGridModes, &op.mode));
  PARE_TRY(ReadWord(n, "padding_mode", "zeros", kGridPaddings, &op.padding));
  op.align_corners = n.Int("align_corners", 0) != 0;
  const ValueId y = n.Make(std::move(op), {n.ToChannelsLast(n.In(0), 4), n.In(1)});
  n.EmitChannelsFirst(0, y, 4);
  return Ok();
}

Status ImportRoiAlign(OnnxNode& n) {
  fb::RoiAlignT op;
  const std::string mode = n.String("mode", "avg");
  if (mode != "avg" && mode != "max") return Unsupported("mode '" + mode + "'");
  op.max = mode == "max";
  const char* otherwise = n.opset() < 16 ? "output_half_pixel" : "half_pixel";
  op.half_pixel = n.String("coordinate_transformation_mode", otherwise) == "half_pixel";
  op.output_height = n.Int("output_height", 1);
  op.output_width = n.Int("output_width", 1);
  op.sampling_ratio = n.Int("sampling_ratio", 0);
  op.spatial_scale = n.Float("spatial_scale", 1);
  const ValueId y = n.Make(std::move(op), {n.ToChannelsLast(n.In(0), 4), n.In(1), n.In(2)});
  n.EmitChannelsFirst(0, y, 4);
  return Ok();
}

Status ImportNonMaxSuppression(OnnxNode& n) {
  fb::NonMaxSuppressionT op;
  op.center_point_box = n.Int("center_point_box", 0) != 0;
  return n.Emit(std::move(op), n.Inputs());
}

constexpr OnnxOp kOps[] = {
    {"DepthToSpace", ImportDepthToSpace},
    {"GridSample", ImportGridSample, 2},
    {"NonMaxSuppression", ImportNonMaxSuppression, 2},
    {"Resize", ImportResize},
    {"RoiAlign", ImportRoiAlign, 3},
    {"SpaceToDepth", ImportSpaceToDepth},
    {"Upsample", ImportResize},
};

}  // namespace

OnnxOps ImageOnnxOps() { return kOps; }

}  // namespace pare::converter
