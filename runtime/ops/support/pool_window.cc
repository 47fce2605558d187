#include "runtime/ops/support/pool_window.h"

#include "model_generated.h"

namespace pare {
namespace {

using Integers = flatbuffers::Vector<int64_t>;

// So large that nothing computed of a few of them overflows.
constexpr int64_t kLargest = int64_t{1} << 30;

// Element i of an attribute that has `size` elements or is absent.
Status ReadElement(const Integers* list, uint32_t size, uint32_t i, int64_t least, int64_t* value) {
  if (list == nullptr || list->size() == 0) return Ok();
  if (list->size() != size) {
    return ShapeError("kernel, strides, dilations and pads must fit the spatial dimensions");
  }
  *value = list->Get(i);
  if (*value < least || *value > kLargest) {
    return ShapeError("kernel, strides, dilations or pads have a value out of range");
  }
  return Ok();
}

Status ReadDim(const Integers* kernel, const Integers* strides, const Integers* dilations,
               const Integers* pads, int rank, int i, PoolDim* dim) {
  const auto size = static_cast<uint32_t>(rank), at = static_cast<uint32_t>(i);
  if (kernel == nullptr || kernel->size() == 0) return ShapeError("pooling needs a kernel size");
  PARE_TRY(ReadElement(kernel, size, at, 1, &dim->kernel));
  PARE_TRY(ReadElement(strides, size, at, 1, &dim->stride));
  PARE_TRY(ReadElement(dilations, size, at, 1, &dim->dilation));
  PARE_TRY(ReadElement(pads, 2 * size, at, 0, &dim->pad_begin));
  return ReadElement(pads, 2 * size, at + size, 0, &dim->pad_end);
}

Status ReadImage(const Tensor& x, PoolShape* shape) {
  shape->rank = x.shape.rank - 2;
  if (shape->rank < 1 || shape->rank > kPoolSpatial) {
    return ShapeError("pooling needs a batch, 1 to 3 spatial and a channel dimension");
  }
  shape->batch = x.shape[0];
  shape->channels = x.shape[x.shape.rank - 1];
  for (int i = 0; i < shape->rank; ++i) {
    if (x.shape[i + 1] > INT64_MAX / 4) return ShapeError("a spatial dimension is too large");
    shape->dims[kPoolSpatial - shape->rank + i].in = x.shape[i + 1];
  }
  return Ok();
}

int64_t DivideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Chooses the padding that auto_pad asks for and computes `out`.
Status FitOutput(fb::AutoPad auto_pad, bool ceil_mode, PoolDim* dim) {
  const int64_t window = (dim->kernel - 1) * dim->dilation + 1;
  if (auto_pad == fb::AutoPad::SameUpper || auto_pad == fb::AutoPad::SameLower) {
    dim->out = DivideUp(dim->in, dim->stride);
    int64_t pad = (dim->out - 1) * dim->stride + window - dim->in;
    if (pad < 0) pad = 0;
    dim->pad_begin = auto_pad == fb::AutoPad::SameUpper ? pad / 2 : pad - pad / 2;
    dim->pad_end = pad - dim->pad_begin;
    return Ok();
  }
  if (auto_pad == fb::AutoPad::Valid) dim->pad_begin = dim->pad_end = 0;
  const int64_t room = dim->in + dim->pad_begin + dim->pad_end - window;
  if (room < 0) return ShapeError("the pooling window is larger than the padded input");
  dim->out = (ceil_mode ? DivideUp(room, dim->stride) : room / dim->stride) + 1;
  // A window that starts in the padding behind the input does not count.
  if (ceil_mode && (dim->out - 1) * dim->stride >= dim->in + dim->pad_begin) --dim->out;
  return Ok();
}

}  // namespace

PoolTaps TapsOf(const PoolDim& dim, int64_t o) {
  PoolTaps t = {};
  t.start = o * dim.stride - dim.pad_begin;
  const auto clip = [&](int64_t position) {  // taps before `position`
    if (position <= t.start) return int64_t{0};
    const int64_t taps = DivideUp(position - t.start, dim.dilation);
    return taps < dim.kernel ? taps : dim.kernel;
  };
  t.begin = clip(0);
  t.end = clip(dim.in);
  t.padded = clip(dim.in + dim.pad_end);
  return t;
}

Status ReadPool(const NodeView& node, const fb::Pool& attributes, PoolShape* shape) {
  PARE_TRY(ReadImage(*node.In(0), shape));
  for (int i = 0; i < shape->rank; ++i) {
    PoolDim* dim = &shape->dims[kPoolSpatial - shape->rank + i];
    PARE_TRY(ReadDim(attributes.kernel(), attributes.strides(), attributes.dilations(),
                     attributes.pads(), shape->rank, i, dim));
    PARE_TRY(FitOutput(attributes.auto_pad(), attributes.ceil_mode(), dim));
  }
  return Ok();
}

Status ReadUnpool(const NodeView& node, const fb::MaxUnpool& attributes, PoolShape* shape) {
  PARE_TRY(ReadImage(*node.In(0), shape));
  for (int i = 0; i < shape->rank; ++i) {
    PoolDim* dim = &shape->dims[kPoolSpatial - shape->rank + i];
    PARE_TRY(ReadDim(attributes.kernel(), attributes.strides(), nullptr, attributes.pads(),
                     shape->rank, i, dim));
    if (dim->in > kLargest) return ShapeError("a spatial dimension is too large");
    dim->out = (dim->in - 1) * dim->stride - dim->pad_begin - dim->pad_end + dim->kernel;
    if (dim->in == 0 || dim->out < 0) return ShapeError("unpooling to a negative size");
  }
  return Ok();
}

Shape PoolOutput(const PoolShape& shape) {
  Shape y;
  y[y.rank++] = shape.batch;
  for (int i = kPoolSpatial - shape.rank; i < kPoolSpatial; ++i) y[y.rank++] = shape.dims[i].out;
  y[y.rank++] = shape.channels;
  return y;
}

}  // namespace pare
