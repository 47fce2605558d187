// TopK: the k largest or smallest elements of each lane of an axis, and where they were. Of equal
// elements the one with the lower index comes first.
#include <algorithm>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/sort_key.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

struct Entry {
  int64_t key, index;
};

// True where a comes before b in the result. Keys of `smallest` are complemented.
bool Before(const Entry& a, const Entry& b) {
  return a.key != b.key ? a.key > b.key : a.index < b.index;
}

Status ReadK(const NodeView& node, bool running, int64_t size, int64_t* k) {
  *k = node.Attributes<fb::TopK>().k();
  int count = 1;
  if (node.In(1) != nullptr) PARE_TRY(ReadArguments(node, 1, nullptr, running, k, 1, &count));
  if (count != 1 || *k < 0) return ShapeError("TopK: k must be a number, not negative");
  if (*k > size) return ShapeError("TopK: k exceeds the size of the axis");
  return Ok();
}

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  if (x.layout != Layout::kPlain) return ShapeError("TopK: cannot read a packed weight");
  int64_t axis = node.Attributes<fb::TopK>().axis();
  if (!NormalizeAxis(x.shape.rank, &axis)) {
    return ShapeError("TopK: the axis is outside the rank of the input");
  }
  const int at = static_cast<int>(axis);
  Shape shape = x.shape;
  if (IsUnknown(node, 1)) {
    PARE_TRY(SetDynamicOutput(node, 0, x.dtype, shape));
    return SetDynamicOutput(node, 1, DType::kI64, shape);
  }
  PARE_TRY(ReadK(node, false, x.dynamic ? INT64_MAX : x.shape[at], &shape[at]));
  if (shape[at] > x.shape[at]) shape[at] = x.shape[at];
  PARE_TRY(SetCheckedOutput(node, 0, x.dtype, shape));
  return SetCheckedOutput(node, 1, DType::kI64, shape);
}

// Entries of one lane; at most as many as the axis is long.
Status PlanTopK(PlanContext& context) {
  int64_t axis = context.Attributes<fb::TopK>().axis();
  NormalizeAxis(context.In(0)->shape.rank, &axis);
  const auto size = static_cast<uint64_t>(context.In(0)->shape[static_cast<int>(axis)]);
  context.scratch_bytes = size * sizeof(Entry) * context.threads;
  return Ok();
}

// The k first of the lane that starts at element `first`, in order, in entries.
void Select(const Tensor& x, int64_t first, int64_t stride, int64_t size, int64_t k, bool largest,
            Entry* entries) {
  for (int64_t i = 0; i < size; ++i) {
    const int64_t key = SortKey(x, first + i * stride);
    const Entry entry = {largest ? key : ~key, i};
    if (i < k) {
      entries[i] = entry;
      std::push_heap(entries, entries + i + 1, Before);
    } else if (k > 0 && Before(entry, entries[0])) {
      std::pop_heap(entries, entries + k, Before);
      entries[k - 1] = entry;
      std::push_heap(entries, entries + k, Before);
    }
  }
  std::sort_heap(entries, entries + k, Before);
}

Status Run(const RunContext& context) {
  const Tensor& x = *context.In(0);
  const auto& attributes = context.Attributes<fb::TopK>();
  int64_t axis = attributes.axis();
  NormalizeAxis(x.shape.rank, &axis);
  const int at = static_cast<int>(axis);
  const int64_t size = x.shape[at];
  int64_t k;
  PARE_TRY(ReadK(context, true, size, &k));
  Tensor *values = context.Out(0), *indices = context.Out(1);
  if (values != nullptr) values->shape[at] = k;
  if (indices != nullptr) indices->shape[at] = k;
  const int64_t outer = x.shape.Elements(0, at);
  const int64_t inner = x.shape.Elements(at + 1, x.shape.rank);
  const size_t element = SizeOf(x.dtype);
  if (k == 0) return Ok();
  const auto lanes = [&](size_t begin, size_t end, size_t thread) {
    auto* entries = reinterpret_cast<Entry*>(context.scratch) + thread * static_cast<size_t>(size);
    for (auto lane = static_cast<int64_t>(begin); lane < static_cast<int64_t>(end); ++lane) {
      const int64_t first = lane / inner * size * inner + lane % inner;
      const int64_t target = lane / inner * k * inner + lane % inner;
      Select(x, first, inner, size, k, attributes.largest(), entries);
      for (int64_t i = 0; i < k; ++i) {
        const int64_t to = target + i * inner, from = first + entries[i].index * inner;
        if (indices != nullptr) indices->Data<int64_t>()[to] = entries[i].index;
        if (values != nullptr) {
          CopyBytes(values->Data<std::byte>() + static_cast<size_t>(to) * element,
                    x.Data<const std::byte>() + static_cast<size_t>(from) * element, element);
        }
      }
    }
  };
  constexpr int64_t kElementsPerTask = 4096;
  context.threads->ForRange(static_cast<size_t>(outer * inner),
                            static_cast<size_t>(1 + kElementsPerTask / size), lanes);
  return Ok();
}

}  // namespace

extern const OpDef kTopKOp = {"TopK", 1, 2, 1, 2, Infer, PlanTopK, Run};

}  // namespace pare
