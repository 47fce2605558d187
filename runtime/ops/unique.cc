// Unique: the distinct slices of an axis, or elements of the flattened input; where each was first,
// which of them every slice is, and how often each occurs.
#include <algorithm>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/sort_key.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

// The input as [outer, size, inner] around the axis; a slice is [outer, inner].
struct Slices {
  const Tensor* x;
  int64_t outer, size, inner;

  // Order of slices a and b: below 0, 0 or above 0.
  int Compare(int64_t a, int64_t b) const {
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t i = 0; i < inner; ++i) {
        const int64_t ka = SortKey(*x, (o * size + a) * inner + i);
        const int64_t kb = SortKey(*x, (o * size + b) * inner + i);
        if (ka != kb) return ka < kb ? -1 : 1;
      }
    }
    return 0;
  }
};

int Axis(const NodeView& node) {
  int64_t axis = node.Attributes<fb::Unique>().axis();
  NormalizeAxis(node.In(0)->shape.rank, &axis);
  return static_cast<int>(axis);
}

Slices SlicesOf(const NodeView& node) {
  const Tensor& x = *node.In(0);
  if (node.Attributes<fb::Unique>().flat()) return {&x, 1, x.Elements(), 1};
  const int axis = Axis(node);
  return {&x, x.shape.Elements(0, axis), x.shape[axis], x.shape.Elements(axis + 1, x.shape.rank)};
}

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  const auto& attributes = node.Attributes<fb::Unique>();
  if (x.layout != Layout::kPlain) return ShapeError("Unique: cannot read a packed weight");
  int64_t axis = attributes.axis();
  if (!attributes.flat() && !NormalizeAxis(x.shape.rank, &axis)) {
    return ShapeError("Unique: the axis is outside the rank of the input");
  }
  const Shape list = {1, {SlicesOf(node).size}};
  PARE_TRY(SetDynamicOutput(node, 0, x.dtype, attributes.flat() ? list : x.shape));
  PARE_TRY(SetDynamicOutput(node, 1, DType::kI64, list));
  PARE_TRY(SetCheckedOutput(node, 2, DType::kI64, list));
  return SetDynamicOutput(node, 3, DType::kI64, list);
}

// Three integers a slice: order, group and first of a group.
Status PlanUnique(PlanContext& context) {
  context.scratch_bytes = static_cast<uint64_t>(SlicesOf(context).size) * 3 * sizeof(int64_t);
  return Ok();
}

// Numbers the distinct slices in the order that the result has them: group_of[slice], and
// first[group]. Returns how many there are.
int64_t Group(const Slices& slices, bool sorted, int64_t* order, int64_t* group_of,
              int64_t* first) {
  for (int64_t i = 0; i < slices.size; ++i) order[i] = i;
  std::sort(order, order + slices.size, [&](int64_t a, int64_t b) {
    const int c = slices.Compare(a, b);
    return c != 0 ? c < 0 : a < b;
  });
  int64_t groups = 0;
  for (int64_t i = 0; i < slices.size; ++i) {
    if (i == 0 || slices.Compare(order[i - 1], order[i]) != 0) first[groups++] = order[i];
    group_of[order[i]] = groups - 1;
  }
  if (sorted) return groups;
  // By first occurrence: order becomes the new number of each sorted group.
  int64_t next = 0;
  for (int64_t i = 0; i < slices.size; ++i) {
    if (first[group_of[i]] == i) order[group_of[i]] = next++;
  }
  for (int64_t i = 0; i < slices.size; ++i) group_of[i] = order[group_of[i]];
  for (int64_t i = slices.size - 1; i >= 0; --i) first[group_of[i]] = i;
  return groups;
}

void SetList(Tensor* out, const int64_t* values, int64_t count) {
  if (out == nullptr) return;
  out->shape[0] = count;
  CopyBytes(out->data, values, static_cast<size_t>(count) * sizeof(int64_t));
}

void SetCounts(Tensor* out, const int64_t* group_of, int64_t size, int64_t groups) {
  if (out == nullptr) return;
  out->shape[0] = groups;
  auto* counts = out->Data<int64_t>();
  std::fill(counts, counts + groups, int64_t{0});
  for (int64_t i = 0; i < size; ++i) ++counts[group_of[i]];
}

Status Run(const RunContext& context) {
  const Slices slices = SlicesOf(context);
  auto* order = reinterpret_cast<int64_t*>(context.scratch);
  int64_t *group_of = order + slices.size, *first = group_of + slices.size;
  const auto& attributes = context.Attributes<fb::Unique>();
  const int64_t groups = Group(slices, attributes.sorted(), order, group_of, first);
  SetList(context.Out(1), first, groups);
  SetList(context.Out(2), group_of, slices.size);
  SetCounts(context.Out(3), group_of, slices.size, groups);
  Tensor* out = context.Out(0);
  if (out == nullptr) return Ok();
  out->shape[attributes.flat() ? 0 : Axis(context)] = groups;
  const size_t bytes = static_cast<size_t>(slices.inner) * SizeOf(slices.x->dtype);
  auto* to = out->Data<std::byte>();
  for (int64_t o = 0; o < slices.outer; ++o) {
    for (int64_t g = 0; g < groups; ++g, to += bytes) {
      const int64_t from = o * slices.size + first[g];
      CopyBytes(to, slices.x->Data<const std::byte>() + static_cast<size_t>(from) * bytes, bytes);
    }
  }
  return Ok();
}

}  // namespace

extern const OpDef kUniqueOp = {"Unique", 1, 1, 1, 4, Infer, PlanUnique, Run};

}  // namespace pare
