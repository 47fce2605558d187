#include "runtime/kernels/pool/pool.h"

#include <cmath>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/parallel.h"
#include "runtime/ops/support/pool_window.h"
#include "runtime/ops/support/quantized.h"

namespace pare {
namespace {

using fb::PoolKind;

constexpr int64_t kMostTaps = 1 << 22;  // of a quantized window: sums stay exact

struct State {
  PoolFn function;  // null: the portable loops of Lp and of max with indices
};

Status CheckQuantizedPool(const NodeView& node) {
  const Tensor &x = *node.In(0), *y = node.Out(0);
  const PoolKind kind = node.Attributes<fb::Pool>().kind();
  if (!IsQuantizedU8(x) || y == nullptr || !HasCodes(*y))
    return Error(Code::kUnsupported, "a pooling of quantized u8 gives quantized u8");
  if (kind == PoolKind::Lp || node.Out(1) != nullptr)
    return Error(Code::kUnsupported, "quantized pooling is max without indices, or average");
  if (kind == PoolKind::Max && !SameScale(x, *y))
    return Error(Code::kUnsupported, "quantized max pooling keeps scale and zero point");
  return Ok();
}

Status Infer(const NodeView& node) {
  const auto& attributes = node.Attributes<fb::Pool>();
  const Tensor& x = *node.In(0);
  if (x.IsQuantized()) {
    PARE_TRY(CheckQuantizedPool(node));
  } else if (x.dtype != DType::kF32) {
    return ShapeError("pooling needs f32; cast the input");
  }
  if (attributes.kind() > PoolKind::MAX) return Error(Code::kUnsupported, "unknown pooling");
  if (attributes.kind() == PoolKind::Lp && attributes.p() < 1) {
    return ShapeError("p of an Lp pooling must be at least 1");
  }
  if (node.Out(1) != nullptr && attributes.kind() != PoolKind::Max) {
    return ShapeError("only max pooling has indices");
  }
  PoolShape shape;
  PARE_TRY(ReadPool(node, attributes, &shape));
  if (x.IsQuantized() && shape.dims[0].in * shape.dims[1].in * shape.dims[2].in > kMostTaps)
    return Error(Code::kUnsupported, "an image is too large for quantized pooling");
  PARE_TRY(SetCheckedOutput(node, 1, DType::kI64, PoolOutput(shape)));
  return SetCheckedOutput(node, 0, x.dtype, PoolOutput(shape));
}

Status PlanStep(PlanContext& context) {
  const PoolKind kind = context.Attributes<fb::Pool>().kind();
  State* state = context.NewState<State>();
  const bool quantized = context.In(0)->IsQuantized();
  const PoolTable& kernels = quantized ? SelectPoolU8(context.cpu) : SelectPool(context.cpu);
  if (kind == PoolKind::Average) state->function = kernels.average;
  if (kind == PoolKind::Max && context.Out(1) == nullptr) state->function = kernels.max;
  context.kernel = state->function == nullptr ? "pool_portable"
                   : quantized                ? "pool_u8"
                                              : "pool_f32";
  return Ok();
}

// The windows of one output row: depth and height fixed, width to go along.
struct Row {
  int64_t n, at[kPoolSpatial];
  PoolTaps taps[kPoolSpatial];  // the last is set for each pixel
};

class Pooling {
 public:
  Pooling(const PoolShape& s, const fb::Pool& attributes, const RunContext& context)
      : s_(s), attributes_(attributes), in_(*context.In(0)), out_(*context.Out(0)) {
    x_ = in_.Data<float>();
    y_ = out_.Data<float>();
    indices_ = context.Out(1) != nullptr ? context.Out(1)->Data<int64_t>() : nullptr;
    stride_[2] = s.channels;
    stride_[1] = stride_[2] * s.dims[2].in;
    stride_[0] = stride_[1] * s.dims[1].in;
    image_ = stride_[0] * s.dims[0].in;
  }

  int64_t rows() const { return s_.batch * s_.dims[0].out * s_.dims[1].out; }
  // Of a row; large enough is enough.
  int64_t cost() const {
    double cost = static_cast<double>(s_.dims[2].out) * static_cast<double>(s_.channels);
    for (const PoolDim& dim : s_.dims) cost *= static_cast<double>(dim.kernel);
    return cost < 1e9 ? static_cast<int64_t>(cost) : 1000000000;
  }

  Row MakeRow(int64_t row) const {
    Row r = {};
    r.at[1] = row % s_.dims[1].out;
    r.at[0] = row / s_.dims[1].out % s_.dims[0].out;
    r.n = row / s_.dims[1].out / s_.dims[0].out;
    r.taps[0] = TapsOf(s_.dims[0], r.at[0]);
    r.taps[1] = TapsOf(s_.dims[1], r.at[1]);
    return r;
  }

  // Neighbours with the same taps go to the kernel together.
  void RunRow(int64_t row, PoolFn function) const {
    Row r = MakeRow(row);
    const int64_t width = s_.dims[2].out;
    for (int64_t o = 0; o < width;) {
      r.taps[2] = TapsOf(s_.dims[2], o);
      int64_t pixels = 1;
      for (; o + pixels < width; ++pixels) {
        const PoolTaps next = TapsOf(s_.dims[2], o + pixels);
        if (next.begin != r.taps[2].begin || next.end != r.taps[2].end ||
            next.padded != r.taps[2].padded) {
          break;
        }
      }
      RunPixels(r, row * width + o, pixels, function);
      o += pixels;
    }
  }

  // Lp, or max with indices: element by element.
  void RunPortableRow(int64_t row) const {
    Row r = MakeRow(row);
    for (int64_t o = 0; o < s_.dims[2].out; ++o) {
      r.taps[2] = TapsOf(s_.dims[2], o);
      const int64_t to = (row * s_.dims[2].out + o) * s_.channels;
      for (int64_t c = 0; c < s_.channels; ++c) {
        if (attributes_.kind() == PoolKind::Lp) {
          y_[to + c] = Lp(r, c);
        } else {
          MaxWithIndex(r, c, to + c);
        }
      }
    }
  }

 private:
  int64_t Offset(const Row& r, int64_t i, int64_t j, int64_t k) const {
    const int64_t taps[kPoolSpatial] = {i, j, k};
    int64_t offset = r.n * image_;
    for (int d = 0; d < kPoolSpatial; ++d) offset += Position(r, d, taps[d]) * stride_[d];
    return offset;
  }
  int64_t Position(const Row& r, int d, int64_t tap) const {
    return r.taps[d].start + tap * s_.dims[d].dilation;
  }

  void RunPixels(const Row& r, int64_t pixel, int64_t pixels, PoolFn function) const {
    PoolArgs args = {};
    double count = 1;  // padding can make it large
    args.scale = 1;
    bool empty = false;
    for (int d = 0; d < kPoolSpatial; ++d) {
      const PoolTaps& t = r.taps[d];
      empty = empty || t.begin >= t.end;
      args.taps[d] = t.begin < t.end ? static_cast<size_t>(t.end - t.begin) : 0;
      args.tap_stride[d] = stride_[d] * s_.dims[d].dilation;
      count *= static_cast<double>(attributes_.count_include_pad() ? t.padded : t.end - t.begin);
    }
    if (attributes_.kind() == PoolKind::Average)
      args.scale = count > 0 ? static_cast<float>(1 / count) : 0.0f;
    if (in_.IsQuantized()) {
      args.scale *= in_.scale / out_.scale;
      args.x_zero = in_.zero_point;
      args.y_zero = out_.zero_point;
    }
    const int64_t first = Offset(r, r.taps[0].begin, r.taps[1].begin, r.taps[2].begin);
    const auto size = static_cast<int64_t>(SizeOf(in_.dtype));
    args.x = in_.Data<std::byte>() + (empty ? 0 : first * size);
    args.y = out_.Data<std::byte>() + pixel * s_.channels * size;
    args.pixel_stride = empty ? 0 : s_.dims[2].stride * stride_[2];
    args.pixels = static_cast<size_t>(pixels);
    args.channels = static_cast<size_t>(s_.channels);
    function(args);
  }

  float Lp(const Row& r, int64_t c) const {
    const auto p = static_cast<double>(attributes_.p());
    double sum = 0;
    ForEachTap(r, [&](int64_t i, int64_t j, int64_t k) {
      sum += std::pow(std::fabs(static_cast<double>(x_[Offset(r, i, j, k) + c])), p);
    });
    return static_cast<float>(std::pow(sum, 1 / p));
  }

  // Indices count through the image as [N, C, spatial...], or with the spatial dimensions reversed.
  void MaxWithIndex(const Row& r, int64_t c, int64_t to) const {
    float best = -INFINITY;
    int64_t at[kPoolSpatial] = {};
    bool found = false;
    ForEachTap(r, [&](int64_t i, int64_t j, int64_t k) {
      const float v = x_[Offset(r, i, j, k) + c];
      if (found && !(v > best)) return;
      found = true;
      best = v;
      at[0] = Position(r, 0, i);
      at[1] = Position(r, 1, j);
      at[2] = Position(r, 2, k);
    });
    y_[to] = best;
    if (indices_ == nullptr) return;
    const int64_t depth = s_.dims[0].in, height = s_.dims[1].in, width = s_.dims[2].in;
    const int64_t spatial = attributes_.storage_order() == 0
                                ? (at[0] * height + at[1]) * width + at[2]
                                : (at[2] * height + at[1]) * depth + at[0];
    indices_[to] = (r.n * s_.channels + c) * depth * height * width + spatial;
  }

  template <class Tap>
  static void ForEachTap(const Row& r, const Tap& tap) {
    for (int64_t i = r.taps[0].begin; i < r.taps[0].end; ++i) {
      for (int64_t j = r.taps[1].begin; j < r.taps[1].end; ++j) {
        for (int64_t k = r.taps[2].begin; k < r.taps[2].end; ++k) tap(i, j, k);
      }
    }
  }

  const PoolShape& s_;
  const fb::Pool& attributes_;
  const Tensor &in_, &out_;
  const float* x_;  // of f32
  float* y_;
  int64_t* indices_;
  int64_t stride_[kPoolSpatial], image_;
};

Status Run(const RunContext& context) {
  const Tensor* y = context.Out(0);
  if (y == nullptr) return Error(Code::kUnsupported, "a pooling without its first output");
  if (y->Elements() == 0) return Ok();
  const auto& attributes = context.Attributes<fb::Pool>();
  PoolShape shape;
  PARE_TRY(ReadPool(context, attributes, &shape));
  const Pooling pooling(shape, attributes, context);
  const PoolFn function = context.State<State>().function;
  ParallelRange(context, pooling.rows(), pooling.cost(), [&](size_t begin, size_t end, size_t) {
    for (auto row = static_cast<int64_t>(begin); row < static_cast<int64_t>(end); ++row) {
      function != nullptr ? pooling.RunRow(row, function) : pooling.RunPortableRow(row);
    }
  });
  return Ok();
}

}  // namespace

extern const OpDef kPoolOp = {"Pool", 1, 1, 1, 2, Infer, PlanStep, Run};

}  // namespace pare
