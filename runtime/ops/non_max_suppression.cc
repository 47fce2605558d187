// NonMaxSuppression: of overlapping boxes keeps the one with the best score, for each class.
#include <algorithm>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"

namespace pare {
namespace {

struct Box {
  float y1, x1, y2, x2;
};

struct Candidate {
  float score;
  int64_t box;
};

bool Better(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.box < b.box;
}

int64_t LimitOf(const NodeView& node) {
  const Tensor* t = node.In(2);
  return t == nullptr ? 0 : IntegerAt(*t, 0);
}

Status CheckScalar(const Tensor* t, bool integer) {
  if (t == nullptr) return Ok();
  const bool type =
      integer ? t->dtype == DType::kI64 || t->dtype == DType::kI32 : t->dtype == DType::kF32;
  if (!type || t->Elements() != 1) {
    return ShapeError("NonMaxSuppression: a limit or threshold must be a single number");
  }
  return Ok();
}

Status Infer(const NodeView& node) {
  const Tensor &boxes = *node.In(0), &scores = *node.In(1);
  const Shape &b = boxes.shape, &s = scores.shape;
  if (boxes.dtype != DType::kF32 || scores.dtype != DType::kF32 || b.rank != 3 || s.rank != 3 ||
      b[2] != 4 || b[0] != s[0] || b[1] != s[2]) {
    return ShapeError("NonMaxSuppression: needs f32 boxes [B, N, 4] and scores [B, C, N]");
  }
  PARE_TRY(CheckScalar(node.In(2), true));
  PARE_TRY(CheckScalar(node.In(3), false));
  PARE_TRY(CheckScalar(node.In(4), false));
  int64_t most = b[1];
  if (!IsUnknown(node, 2)) most = std::max<int64_t>(0, std::min(most, LimitOf(node)));
  const Shape all = {3, {s[0], s[1], most}};
  PARE_TRY(CheckSize(all, DType::kI64));
  return SetDynamicOutput(node, 0, DType::kI64, {2, {all.Elements(), 3}});
}

Status PlanNms(PlanContext& context) {
  context.scratch_bytes =
      static_cast<uint64_t>(context.In(0)->shape[1]) * (sizeof(Candidate) + sizeof(Box));
  return Ok();
}

Box BoxAt(const float* p, bool center) {
  if (center) {  // x center, y center, width, height
    return {p[1] - p[3] / 2, p[0] - p[2] / 2, p[1] + p[3] / 2, p[0] + p[2] / 2};
  }
  // y1, x1, y2, x2 of any two opposite corners
  return {std::min(p[0], p[2]), std::min(p[1], p[3]), std::max(p[0], p[2]), std::max(p[1], p[3])};
}

float Overlap(const Box& a, const Box& b) {
  const float height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  const float width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  if (!(height > 0 && width > 0)) return 0;
  const float common = height * width;
  const float both = (a.y2 - a.y1) * (a.x2 - a.x1) + (b.y2 - b.y1) * (b.x2 - b.x1) - common;
  return both > 0 ? common / both : 0;
}

struct Limits {
  int64_t boxes;
  float overlap, score;
  bool has_score;
};

Limits LimitsOf(const NodeView& node) {
  const Tensor *overlap = node.In(3), *score = node.In(4);
  return {LimitOf(node), overlap != nullptr ? *overlap->Data<float>() : 0,
          score != nullptr ? *score->Data<float>() : 0, score != nullptr};
}

// Writes the rows of one class; returns the row after them.
int64_t* SelectClass(const float* boxes, const float* scores, int64_t n, bool center,
                     const Limits& limits, int64_t batch, int64_t label, std::byte* scratch,
                     int64_t* row) {
  auto* candidates = reinterpret_cast<Candidate*>(scratch);
  auto* kept = reinterpret_cast<Box*>(candidates + n);
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) {
    // A score that is no number is never kept.
    const bool passes = limits.has_score ? scores[i] > limits.score : scores[i] == scores[i];
    if (passes) candidates[count++] = {scores[i], i};
  }
  std::sort(candidates, candidates + count, Better);
  int64_t selected = 0;
  for (int64_t i = 0; i < count && selected < limits.boxes; ++i) {
    const Box box = BoxAt(boxes + candidates[i].box * 4, center);
    bool keep = true;
    for (int64_t k = 0; keep && k < selected; ++k) keep = Overlap(box, kept[k]) <= limits.overlap;
    if (!keep) continue;
    kept[selected++] = box;
    row[0] = batch;
    row[1] = label;
    row[2] = candidates[i].box;
    row += 3;
  }
  return row;
}

Status Run(const RunContext& context) {
  const Tensor &boxes = *context.In(0), &scores = *context.In(1);
  Tensor* out = context.Out(0);
  if (out == nullptr) return Ok();
  const Limits limits = LimitsOf(context);
  const bool center = context.Attributes<fb::NonMaxSuppression>().center_point_box();
  const int64_t n = boxes.shape[1], classes = scores.shape[1];
  auto* row = out->Data<int64_t>();
  for (int64_t b = 0; b < scores.shape[0]; ++b) {
    for (int64_t c = 0; c < classes; ++c) {
      row =
          SelectClass(boxes.Data<float>() + b * n * 4, scores.Data<float>() + (b * classes + c) * n,
                      n, center, limits, b, c, context.scratch, row);
    }
  }
  out->shape[0] = (row - out->Data<int64_t>()) / 3;
  return Ok();
}

}  // namespace

extern const OpDef kNonMaxSuppressionOp = {"NonMaxSuppression", 2, 5, 1, 1, Infer, PlanNms, Run};

}  // namespace pare
