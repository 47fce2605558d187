// Scan: runs a body for each slice of its inputs; carries states from slice to slice and stacks the
// other results.
#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/body.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

template <class T>
int64_t ItemOr(const flatbuffers::Vector<T>* list, uint32_t i, int64_t fallback) {
  return list != nullptr && i < list->size() ? static_cast<int64_t>(list->Get(i)) : fallback;
}

struct Counts {
  uint32_t states, scans;  // BindBody has checked them against the inputs
};

Counts CountsOf(const NodeView& node) {
  const auto& attributes = node.Attributes<fb::Scan>();
  return {static_cast<uint32_t>(attributes.states()), static_cast<uint32_t>(attributes.scans())};
}

// Axis of scanned input i, as infer has checked it.
int InputAxis(const NodeView& node, uint32_t i) {
  int64_t axis = ItemOr(node.Attributes<fb::Scan>().input_axes(), i, 0);
  NormalizeAxis(node.In(CountsOf(node).states + i)->shape.rank, &axis);
  return static_cast<int>(axis);
}

// Slices that the inputs have.
int64_t Trips(const NodeView& node) {
  return node.In(CountsOf(node).states)->shape[InputAxis(node, 0)];
}

Status BindSlices(const NodeView& node, Plan* body) {
  const Counts counts = CountsOf(node);
  for (uint32_t i = 0; i < counts.scans; ++i) {
    const Tensor& from = *node.In(counts.states + i);
    if (from.layout != Layout::kPlain) return ShapeError("Scan: cannot slice a packed weight");
    int64_t axis = ItemOr(node.Attributes<fb::Scan>().input_axes(), i, 0);
    if (!NormalizeAxis(from.shape.rank, &axis)) return ShapeError("Scan: an axis is out of range");
    if (from.shape[static_cast<int>(axis)] != Trips(node)) {
      return ShapeError("Scan: the inputs have different numbers of slices");
    }
    Tensor& to = body->input(counts.states + i);
    to.shape = Shape();
    for (int d = 0; d < from.shape.rank; ++d) {
      if (d != axis) to.shape.Push(from.shape[d]);
    }
    to.dynamic = from.dynamic;
  }
  return Ok();
}

Status InferStacked(const NodeView& node, uint32_t i, const Tensor& slice, int64_t trips) {
  if (slice.layout != Layout::kPlain) return ShapeError("Scan: the body returns a packed weight");
  const uint32_t stacked = i - CountsOf(node).states;
  int64_t axis = ItemOr(node.Attributes<fb::Scan>().output_axes(), stacked, 0);
  const int rank = slice.shape.rank + 1;
  if (rank > kMaxRank || !NormalizeAxis(rank, &axis)) {
    return ShapeError("Scan: a stacked result has too many dimensions or no such axis");
  }
  Shape shape;
  for (int d = 0; d < rank; ++d) {
    shape.Push(d == axis ? trips : slice.shape[d < axis ? d : d - 1]);
  }
  return slice.dynamic ? SetDynamicOutput(node, i, slice.dtype, shape)
                       : SetCheckedOutput(node, i, slice.dtype, shape);
}

Status Infer(const NodeView& node) {
  const Counts counts = CountsOf(node);
  Plan* body = node.bodies[0];
  if (body->output_count() != node.output_count || node.output_count < counts.states) {
    return ShapeError("Scan: the results of the body do not fit those of the node");
  }
  for (uint32_t i = 0; i < counts.states; ++i) {
    body->input(i).shape = node.In(i)->shape;
    body->input(i).dynamic = node.In(i)->dynamic;
  }
  PARE_TRY(BindSlices(node, body));
  const uint32_t captures = counts.states + counts.scans;
  BindCaptures(node, captures, body, captures);
  PARE_TRY(body->Infer());
  PARE_TRY(CarriedValues(node, 0, counts.states).Infer(*body, 0));
  for (uint32_t i = counts.states; i < node.output_count; ++i) {
    PARE_TRY(InferStacked(node, i, body->output(i), Trips(node)));
  }
  return Ok();
}

uint64_t SliceBytes(const NodeView& node, uint32_t i) {
  const Tensor& from = *node.In(CountsOf(node).states + i);
  const int64_t trips = from.shape[InputAxis(node, i)];
  return AlignUp((trips > 0 ? from.Bytes() / static_cast<size_t>(trips) : 0) + 16);
}

Status PlanScan(PlanContext& context) {
  const Counts counts = CountsOf(context);
  context.scratch_bytes = CarriedValues(context, 0, counts.states).ScratchBytes();
  for (uint32_t i = 0; i < counts.scans; ++i) context.scratch_bytes += SliceBytes(context, i);
  return Ok();
}

// Copies slice `at` of `whole` along `axis`, to or from the contiguous `slice`.
void CopySlice(const Tensor& whole, int axis, int64_t at, void* slice, bool into_whole) {
  const int64_t element = static_cast<int64_t>(SizeOf(whole.dtype));
  const int64_t outer = whole.shape.Elements(0, axis);
  const int64_t inner = whole.shape.Elements(axis + 1, whole.shape.rank) * element;
  auto* place = whole.Data<std::byte>() + at * inner;
  const int64_t step = whole.shape[axis] * inner;
  StridedCopy copy(SizeOf(whole.dtype));
  copy.Add(outer, into_whole ? inner : step, into_whole ? step : inner);
  copy.AddContiguous(inner);
  copy.Run(into_whole ? slice : place, into_whole ? place : slice, nullptr);
}

void LoadSlices(const RunContext& context, Plan* body, std::byte* scratch, int64_t trip,
                int64_t trips) {
  const auto& attributes = context.Attributes<fb::Scan>();
  const Counts counts = CountsOf(context);
  for (uint32_t i = 0; i < counts.scans; ++i) {
    const bool reverse = ItemOr(attributes.input_reverse(), i, 0) != 0;
    CopySlice(*context.In(counts.states + i), InputAxis(context, i),
              reverse ? trips - 1 - trip : trip, scratch, false);
    body->input(counts.states + i).data = scratch;
    scratch += SliceBytes(context, i);
  }
}

Status Stack(const RunContext& context, const Plan& body, int64_t trip, int64_t trips) {
  const auto& attributes = context.Attributes<fb::Scan>();
  const Counts counts = CountsOf(context);
  for (uint32_t i = counts.states; i < context.output_count; ++i) {
    Tensor* out = context.Out(i);
    if (out == nullptr) continue;
    const Tensor& slice = body.output(i);
    int64_t axis = ItemOr(attributes.output_axes(), i - counts.states, 0);
    NormalizeAxis(out->shape.rank, &axis);
    for (int d = 0; d < slice.shape.rank; ++d) {
      int64_t& size = out->shape[d < axis ? d : d + 1];
      if (trip == 0) size = slice.shape[d];
      if (size != slice.shape[d]) {
        return Error(Code::kInvalidArgument, "Scan: the slices return results of different sizes");
      }
    }
    const bool reverse = ItemOr(attributes.output_reverse(), i - counts.states, 0) != 0;
    CopySlice(*out, static_cast<int>(axis), reverse ? trips - 1 - trip : trip, slice.data, true);
  }
  return Ok();
}

Status Run(const RunContext& context) {
  const Counts counts = CountsOf(context);
  Plan* body = context.bodies[0];
  CarriedValues states(context, 0, counts.states);
  states.Start(body, context.scratch);
  std::byte* slices = context.scratch + states.ScratchBytes();
  BindCaptures(context, counts.states + counts.scans, body, counts.states + counts.scans);
  const int64_t trips = Trips(context);
  for (int64_t trip = 0; trip < trips; ++trip) {
    LoadSlices(context, body, slices, trip, trips);
    PARE_TRY(body->Run(context.threads, nullptr));
    PARE_TRY(Stack(context, *body, trip, trips));
    PARE_TRY(states.Next(body, 0));
  }
  states.Finish(*body);
  return Ok();
}

}  // namespace

extern const OpDef kScanOp = {"Scan", 1, kMany, 1, kMany, Infer, PlanScan, Run};

}  // namespace pare
