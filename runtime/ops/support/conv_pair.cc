#include "runtime/ops/support/conv_pair.h"

#include <algorithm>

#include "runtime/core/arena.h"
#include "runtime/ops/support/conv_depthwise.h"
#include "runtime/ops/support/conv_weight.h"
#include "runtime/ops/support/gemm.h"

namespace pare {
namespace {

constexpr int64_t kPieceBytes = 384 * 1024;  // of a thread: leaves the second cache room for more
constexpr int kRow = 1;                      // pieces are cut along the height

// Rows between the convolutions that `rows` rows of the output read.
int64_t RowsRead(const ConvGeometry& g, int64_t rows) {
  return (rows - 1) * g.stride[kRow] + (g.kernel[kRow] - 1) * g.dilation[kRow] + 1;
}

int64_t RowBytes(const ConvGeometry& g) {
  return std::max<int64_t>(1, g.in[2] * g.channels * static_cast<int64_t>(sizeof(float)));
}

// What a thread needs for its pieces; no less for a larger convolution.
int64_t PieceBytes(const ConvGeometry& g) {
  return std::max(kPieceBytes, RowsRead(g, 1) * RowBytes(g));
}

// The most output rows of a piece.
int64_t PieceRows(const ConvGeometry& g) {
  return std::max<int64_t>(1, (PieceBytes(g) / RowBytes(g) - RowsRead(g, 1)) / g.stride[kRow] + 1);
}

// The first convolution, with its operands.
struct Points {
  GemmProblem problem{};
  const float* x;
  const void* w;
  float* y;
};

void Locate(const GemmProblem& problem, size_t, GemmGroup* out) {
  const auto& points = *static_cast<const Points*>(problem.context);
  *out = {points.x, points.w, nullptr, points.y, 0};
}

Points MakePoints(const RunContext& context) {
  const Tensor &x = *context.In(0), &w = *context.In(1), &y = *context.Out(0);
  const auto channels = static_cast<size_t>(x.shape[x.shape.rank - 1]);
  const auto filters = static_cast<size_t>(y.shape[y.shape.rank - 1]);
  Points points;
  points.x = x.Data<float>();
  points.w = w.data;
  points.problem.size = {1, 0, filters, 1, channels, channels, 0, w.dtype};
  points.problem.columns = points.problem.c_stride = filters;
  points.problem.a_stride = channels;
  points.problem.bias = context.In(2) == nullptr ? nullptr : context.In(2)->Data<float>();
  points.problem.locate = Locate;
  return points;
}

}  // namespace

uint64_t JoinConv(const RunContext& step, const RunContext& before, size_t threads) {
  if (IsLowBit(step.In(1)->layout) || IsLowBit(before.In(1)->layout)) return 0;
  const Result<ConvGeometry> depthwise = GeometryOfConv(step), points = GeometryOfConv(before);
  if (!depthwise.ok() || !points.ok() || step.In(0) != before.Out(0)) return 0;
  const ConvGeometry &g = depthwise.value(), &p = points.value();
  const Result<uint64_t> packed = PackedWeightBytes(*before.In(1));
  const bool fits = IsDepthwise(g) && g.in[0] == 1 && g.out[0] == 1 && g.kernel[0] == 1 &&
                    p.group == 1 && p.IsPointwise() && before.In(3) == nullptr && packed.ok() &&
                    packed.value() == 0;
  if (!fits || RowsRead(g, 1) > g.in[kRow]) return 0;
  // The rows that two pieces share are computed twice.
  const int64_t rows = PieceRows(g), twice = RowsRead(g, rows) - rows * g.stride[kRow];
  const auto share = static_cast<int64_t>(step.In(0)->Bytes() / threads);
  if (PieceBytes(g) > share / 2 || twice * 6 > RowsRead(g, rows)) return 0;
  return static_cast<uint64_t>(PieceBytes(g)) * threads;
}

Status RunConvPair(const ConvGeometry& g, const RunContext& context) {
  const RunContext& before = *context.before;
  const auto& plan = before.State<GemmPlan>();
  const Points points = MakePoints(before);
  const DepthwiseConv depthwise(g, context);
  const int64_t most = PieceRows(g);
  const int64_t pieces = (g.out[kRow] + most - 1) / most;
  const int64_t rows = (g.out[kRow] + pieces - 1) / pieces;
  const auto out_line = static_cast<size_t>(g.out[2] * g.channels);
  context.threads->ForEach(static_cast<size_t>(g.batch * pieces), [&](size_t task, size_t thread) {
    const auto b = static_cast<int64_t>(task) / pieces;
    const int64_t first = static_cast<int64_t>(task) % pieces * rows;
    ConvGeometry piece = g;
    piece.batch = 1;
    piece.out[kRow] = std::min(rows, g.out[kRow] - first);
    if (piece.out[kRow] <= 0) return;
    const int64_t top = first * g.stride[kRow] - g.pad[kRow];
    const int64_t begin = std::min(std::max<int64_t>(top, 0), g.in[kRow]);
    const int64_t end = std::max(begin, std::min(g.in[kRow], top + RowsRead(g, piece.out[kRow])));
    piece.pad[kRow] = begin - top;
    piece.in[kRow] = end - begin;
    auto* between =
        before.Out(0)->Data<float>() + thread * static_cast<size_t>(PieceBytes(g)) / sizeof(float);
    Points mine = points;
    mine.problem.context = &mine;
    mine.problem.size.m = static_cast<size_t>((end - begin) * g.in[2]);
    mine.x += static_cast<size_t>((b * g.in[kRow] + begin) * g.in[2]) * mine.problem.a_stride;
    mine.y = between;
    const ThreadPool alone;
    RunGemm(plan, mine.problem, before.scratch + thread * plan.thread_scratch, alone);
    depthwise.Run(piece, between, 0, piece.OutPixels(),
                  static_cast<size_t>(b * g.out[kRow] + first) * out_line, thread);
  });
  return Ok();
}

}  // namespace pare
