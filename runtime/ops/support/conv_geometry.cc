#include "runtime/ops/support/conv_geometry.h"

#include "model_generated.h"

namespace pare {
namespace {

using Integers = flatbuffers::Vector<int64_t>;

// Bounds every number, so that positions and products of a few of them stay in 64 bits.
constexpr int64_t kMost = int64_t{1} << 31;

// values[kSpatial - rank, kSpatial) = attribute; absent: left as it is.
Status ReadWindow(const Integers* attribute, int rank, int64_t least, int64_t* values) {
  if (attribute == nullptr || attribute->size() == 0) return Ok();
  if (static_cast<int>(attribute->size()) != rank)
    return ShapeError("a window attribute of a convolution has the wrong number of values");
  for (int i = 0; i < rank; ++i) {
    const int64_t v = attribute->Get(static_cast<uint32_t>(i));
    if (v < least || v >= kMost)
      return ShapeError("a window attribute of a convolution is out of range");
    values[kSpatial - rank + i] = v;
  }
  return Ok();
}

// pads: begins, then ends.
Status ReadPads(const Integers* pads, int rank, int64_t* begin, int64_t* end) {
  if (pads == nullptr || pads->size() == 0) return Ok();
  if (static_cast<int>(pads->size()) != 2 * rank)
    return ShapeError("the pads of a convolution have the wrong number of values");
  for (int i = 0; i < 2 * rank; ++i) {
    const int64_t v = pads->Get(static_cast<uint32_t>(i));
    if (v < 0 || v >= kMost) return ShapeError("a padding of a convolution is out of range");
    int64_t* side = i < rank ? begin : end;
    side[kSpatial - rank + i % rank] = v;
  }
  return Ok();
}

// What Conv and ConvTranspose share: the shapes of x and w, group, strides, dilations.
template <class Op>
Status ReadCommon(const NodeView& node, const Op& op, ConvGeometry* g) {
  const Tensor &x = *node.In(0), &w = *node.In(1);
  if (x.dtype != DType::kF32 && !x.IsQuantized())
    return Error(Code::kUnsupported,
                 "a convolution computes on f32 or quantized values: convert the model anew");
  if (w.dtype != DType::kF32 && w.dtype != DType::kF16 && w.dtype != DType::kBF16)
    return Error(Code::kUnsupported, "the weight of a convolution is f32, f16 or bf16");
  g->rank = x.shape.rank - 2;
  if (g->rank < 1 || g->rank > kSpatial)
    return ShapeError("a convolution has one to three spatial dimensions");
  if (w.shape.rank != x.shape.rank)
    return ShapeError("input and weight of a convolution differ in rank");
  g->batch = x.shape[0];
  g->channels = x.shape[x.shape.rank - 1];
  g->filters = w.shape[0];
  g->group = op.group();
  if (g->group < 1 || g->channels < 1 || g->filters < 1 || g->channels % g->group != 0 ||
      g->filters % g->group != 0 || g->channels / g->group != w.shape[w.shape.rank - 1])
    return ShapeError("the channels of a convolution do not fit its weight and group");
  for (int i = 0; i < g->rank; ++i) {
    g->in[kSpatial - g->rank + i] = x.shape[1 + i];
    g->kernel[kSpatial - g->rank + i] = w.shape[1 + i];
    if (x.shape[1 + i] < 0 || x.shape[1 + i] >= kMost || w.shape[1 + i] < 1 ||
        w.shape[1 + i] >= kMost)
      return ShapeError("a spatial size of a convolution is out of range");
  }
  PARE_TRY(ReadWindow(op.strides(), g->rank, 1, g->stride));
  return ReadWindow(op.dilations(), g->rank, 1, g->dilation);
}

int64_t Extent(const ConvGeometry& g, int i) { return (g.kernel[i] - 1) * g.dilation[i] + 1; }

}  // namespace

bool ConvGeometry::IsPointwise() const {
  for (int i = 0; i < kSpatial; ++i) {
    if (kernel[i] != 1 || stride[i] != 1 || pad[i] != 0 || in[i] != out[i]) return false;
  }
  return true;
}

Result<ConvGeometry> GeometryOfConv(const NodeView& node) {
  const auto& op = node.Attributes<fb::Conv>();
  ConvGeometry g;
  PARE_TRY(ReadCommon(node, op, &g));
  int64_t end[kSpatial] = {0, 0, 0};
  if (op.auto_pad() == fb::AutoPad::Explicit) PARE_TRY(ReadPads(op.pads(), g.rank, g.pad, end));
  for (int i = kSpatial - g.rank; i < kSpatial; ++i) {
    const bool upper = op.auto_pad() == fb::AutoPad::SameUpper;
    if (upper || op.auto_pad() == fb::AutoPad::SameLower) {
      g.out[i] = (g.in[i] + g.stride[i] - 1) / g.stride[i];
      int64_t total = (g.out[i] - 1) * g.stride[i] + Extent(g, i) - g.in[i];
      if (total < 0) total = 0;
      g.pad[i] = upper ? total / 2 : total - total / 2;
      continue;
    }
    const int64_t room = g.in[i] + g.pad[i] + end[i] - Extent(g, i);
    if (room < 0) return ShapeError("the window of a convolution is larger than its input");
    g.out[i] = room / g.stride[i] + 1;
  }
  return g;
}

Result<ConvGeometry> GeometryOfConvTranspose(const NodeView& node) {
  const auto& op = node.Attributes<fb::ConvTranspose>();
  if (node.In(0)->dtype != DType::kF32)
    return Error(Code::kUnsupported, "a transposed convolution computes on f32");
  ConvGeometry g;
  PARE_TRY(ReadCommon(node, op, &g));
  int64_t end[kSpatial] = {0, 0, 0}, extra[kSpatial] = {0, 0, 0}, wanted[kSpatial] = {-1, -1, -1};
  if (op.auto_pad() == fb::AutoPad::Explicit) PARE_TRY(ReadPads(op.pads(), g.rank, g.pad, end));
  PARE_TRY(ReadWindow(op.output_padding(), g.rank, 0, extra));
  PARE_TRY(ReadWindow(op.output_shape(), g.rank, 0, wanted));
  const bool same =
      op.auto_pad() == fb::AutoPad::SameUpper || op.auto_pad() == fb::AutoPad::SameLower;
  for (int i = kSpatial - g.rank; i < kSpatial; ++i) {
    const int64_t full = (g.in[i] - 1) * g.stride[i] + extra[i] + Extent(g, i);
    if (wanted[i] < 0 && !same) {
      g.out[i] = full - g.pad[i] - end[i];
    } else {
      g.out[i] = wanted[i] >= 0 ? wanted[i] : g.in[i] * g.stride[i];
      const int64_t total = full > g.out[i] ? full - g.out[i] : 0;
      g.pad[i] = op.auto_pad() == fb::AutoPad::SameUpper ? total / 2 : total - total / 2;
    }
    if (g.out[i] < 0 || g.out[i] >= kMost)
      return ShapeError("the output of a transposed convolution has no valid size");
  }
  return g;
}

Shape OutputShapeOf(const ConvGeometry& g) {
  Shape y;
  (void)y.Push(g.batch);
  for (int i = kSpatial - g.rank; i < kSpatial; ++i) (void)y.Push(g.out[i]);
  (void)y.Push(g.filters);
  return y;
}

Status CheckConvOperands(const NodeView& node, const ConvGeometry& g) {
  if (const Tensor* bias = node.In(2)) {
    if (bias->dtype != DType::kF32 || bias->Elements() != g.filters)
      return ShapeError("the bias of a convolution is one f32 value a filter");
  }
  if (const Tensor* addend = node.In(3)) {
    const DType type = node.Out(0)->IsQuantized() ? DType::kU8 : DType::kF32;
    if (addend->dtype != type || addend->shape != OutputShapeOf(g))
      return ShapeError("the addend of a convolution has the shape and type of the result");
  }
  if (const Tensor* padding = node.In(4)) {
    if (padding->dtype != DType::kF32 || padding->Elements() != g.channels)
      return ShapeError("the padding of a convolution is one f32 value an input channel");
  }
  return Ok();
}

}  // namespace pare
