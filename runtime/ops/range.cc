// Range: start, start + delta, ... up to but without limit.
#include <cmath>

#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"

namespace pare {
namespace {

constexpr int64_t kMost = int64_t{1} << 40;  // elements; more cannot be meant

// Elements of a range of integers; kMost + 1 for any larger number.
int64_t CountIntegers(int64_t start, int64_t limit, int64_t delta) {
  const bool up = delta > 0;
  if (up ? limit <= start : limit >= start) return 0;
  const uint64_t a = static_cast<uint64_t>(start), b = static_cast<uint64_t>(limit);
  const uint64_t distance = up ? b - a : a - b;
  const uint64_t step = up ? static_cast<uint64_t>(delta) : 0 - static_cast<uint64_t>(delta);
  const uint64_t count = distance / step + (distance % step != 0 ? 1 : 0);
  return count > static_cast<uint64_t>(kMost) ? kMost + 1 : static_cast<int64_t>(count);
}

int64_t CountFloats(float start, float limit, float delta) {
  const double count = std::ceil((static_cast<double>(limit) - start) / delta);
  if (!(count > 0)) return 0;
  return count > static_cast<double>(kMost) ? kMost + 1 : static_cast<int64_t>(count);
}

Status Infer(const NodeView& node) {
  const Tensor &start = *node.In(0), &limit = *node.In(1), &delta = *node.In(2);
  const DType type = start.dtype;
  if (type != DType::kF32 && type != DType::kI32 && type != DType::kI64) {
    return ShapeError("Range: must be f32, i32 or i64; insert a Cast");
  }
  for (uint32_t i = 0; i < 3; ++i) {
    const Tensor& t = *node.In(i);
    if (t.dtype != type || t.Elements() != 1) {
      return ShapeError("Range: start, limit and delta must be single numbers of one type");
    }
    if (!t.known) {
      return Error(
          Code::kUnknownSize,
          "Range: the length depends on data; give the values when the session is created");
    }
  }
  Shape shape;
  if (type == DType::kF32) {
    if (*delta.Data<float>() == 0) return ShapeError("Range: delta is 0");
    shape.Push(CountFloats(*start.Data<float>(), *limit.Data<float>(), *delta.Data<float>()));
  } else {
    if (IntegerAt(delta, 0) == 0) return ShapeError("Range: delta is 0");
    shape.Push(CountIntegers(IntegerAt(start, 0), IntegerAt(limit, 0), IntegerAt(delta, 0)));
  }
  if (shape[0] > kMost) return ShapeError("Range: too many elements");
  return SetCheckedOutput(node, 0, type, shape);
}

Status Run(const RunContext& context) {
  const Tensor &start = *context.In(0), &delta = *context.In(2);
  const Tensor* out = context.Out(0);
  if (out == nullptr) return Ok();
  const int64_t n = out->shape[0];
  if (out->dtype == DType::kF32) {
    const float first = *start.Data<float>(), step = *delta.Data<float>();
    for (int64_t i = 0; i < n; ++i) {
      out->Data<float>()[i] = first + static_cast<float>(i) * step;
    }
    return Ok();
  }
  // Unsigned: wraps where an element after the last would overflow.
  uint64_t value = static_cast<uint64_t>(IntegerAt(start, 0));
  const uint64_t step = static_cast<uint64_t>(IntegerAt(delta, 0));
  for (int64_t i = 0; i < n; ++i, value += step) {
    if (out->dtype == DType::kI64) {
      out->Data<int64_t>()[i] = static_cast<int64_t>(value);
    } else {
      out->Data<int32_t>()[i] = static_cast<int32_t>(value);
    }
  }
  return Ok();
}

}  // namespace

extern const OpDef kRangeOp = {"Range", 3, 3, 1, 1, Infer, nullptr, Run};

}  // namespace pare
