// Loop: runs a body for a number of trips or while a condition holds; carries values from trip to
// trip and stacks others.
#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/body.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

constexpr uint32_t kFirstCarried = 2;  // inputs of node and body: trip or iteration, condition

uint32_t Carried(const NodeView& node) {
  return static_cast<uint32_t>(node.Attributes<fb::Loop>().carried());
}

Status CheckScalar(const Tensor* t, bool boolean) {
  if (t == nullptr) return Ok();
  const bool type =
      boolean ? t->dtype == DType::kBool : t->dtype == DType::kI64 || t->dtype == DType::kI32;
  if (!type || t->Elements() != 1) {
    return ShapeError("Loop: the trip count must be one integer, the condition one bool");
  }
  return Ok();
}

bool KnownFalse(const Tensor* t) { return t != nullptr && t->known && IntegerAt(*t, 0) == 0; }
bool SurelyTrue(const Tensor* t) { return t == nullptr || (t->known && IntegerAt(*t, 0) != 0); }

// True where the body never ends the loop: its condition is known, or the one it was given.
bool BodyGoesOn(const Plan& body) {
  return &body.output(0) == &body.input(1) || SurelyTrue(&body.output(0));
}

// The most trips; *exact where it is their number.
int64_t TripBound(const NodeView& node, bool* exact) {
  const Tensor* trip = node.In(0);
  *exact = true;
  if (KnownFalse(node.In(1))) return 0;
  *exact = trip != nullptr && trip->known && SurelyTrue(node.In(1)) && BodyGoesOn(*node.bodies[0]);
  if (trip != nullptr && trip->known) {
    const int64_t trips = IntegerAt(*trip, 0);
    return trips < 0 ? 0 : trips;
  }
  const int64_t given = node.Attributes<fb::Loop>().max_trips();
  return given > 0 ? given : node.max_trips;
}

Status InferScan(const NodeView& node, uint32_t i, const Tensor& slice, int64_t trips, bool exact) {
  if (slice.layout != Layout::kPlain) return ShapeError("Loop: the body returns a packed weight");
  Shape shape;
  shape.Push(trips);
  bool fits = true;
  for (int d = 0; d < slice.shape.rank; ++d) fits &= shape.Push(slice.shape[d]);
  if (!fits) return ShapeError("Loop: a stacked result has more than 8 dimensions");
  return exact && !slice.dynamic ? SetCheckedOutput(node, i, slice.dtype, shape)
                                 : SetDynamicOutput(node, i, slice.dtype, shape);
}

Status Infer(const NodeView& node) {
  PARE_TRY(CheckScalar(node.In(0), false));
  PARE_TRY(CheckScalar(node.In(1), true));
  const uint32_t carried = Carried(node);
  Plan* body = node.bodies[0];
  if (body->output_count() != 1 + node.output_count || node.output_count < carried) {
    return ShapeError("Loop: the results of the body do not fit those of the node");
  }
  for (uint32_t i = 0; i < carried; ++i) {
    Tensor& in = body->input(kFirstCarried + i);
    in.shape = node.In(kFirstCarried + i)->shape;
    in.dynamic = node.In(kFirstCarried + i)->dynamic;
  }
  BindCaptures(node, kFirstCarried + carried, body, kFirstCarried + carried);
  PARE_TRY(body->Infer());
  PARE_TRY(CheckScalar(&body->output(0), true));
  PARE_TRY(CarriedValues(node, kFirstCarried, carried).Infer(*body, 1));
  bool exact;
  const int64_t trips = TripBound(node, &exact);
  for (uint32_t i = carried; i < node.output_count; ++i) {
    PARE_TRY(InferScan(node, i, body->output(1 + i), trips, exact));
  }
  return Ok();
}

Status PlanLoop(PlanContext& context) {
  context.scratch_bytes =
      2 * kAlignment + CarriedValues(context, kFirstCarried, Carried(context)).ScratchBytes();
  return Ok();
}

// Appends the results of trip `trip` to the stacked outputs.
Status Stack(const RunContext& context, const Plan& body, int64_t trip) {
  for (uint32_t i = Carried(context); i < context.output_count; ++i) {
    Tensor* out = context.Out(i);
    if (out == nullptr) continue;
    const Tensor& slice = body.output(1 + i);
    for (int d = 0; d < slice.shape.rank; ++d) {
      if (trip == 0) out->shape[1 + d] = slice.shape[d];
      if (out->shape[1 + d] != slice.shape[d]) {
        return Error(Code::kInvalidArgument, "Loop: the trips return results of different sizes");
      }
    }
    CopyBytes(out->Data<std::byte>() + static_cast<size_t>(trip) * slice.Bytes(), slice.data,
              slice.Bytes());
  }
  return Ok();
}

Status Run(const RunContext& context) {
  const uint32_t carried = Carried(context);
  Plan* body = context.bodies[0];
  auto* iteration = reinterpret_cast<int64_t*>(context.scratch);
  auto* condition = reinterpret_cast<bool*>(context.scratch + kAlignment);
  body->input(0).data = iteration;
  body->input(1).data = condition;
  CarriedValues values(context, kFirstCarried, carried);
  values.Start(body, context.scratch + 2 * kAlignment);
  BindCaptures(context, kFirstCarried + carried, body, kFirstCarried + carried);

  bool exact;
  const int64_t room = TripBound(context, &exact);
  const bool stacks = context.output_count > carried;
  const Tensor* trip = context.In(0);
  const int64_t trips = trip != nullptr ? IntegerAt(*trip, 0) : INT64_MAX;
  *condition = context.In(1) == nullptr || IntegerAt(*context.In(1), 0) != 0;
  int64_t done = 0;
  for (; done < trips && *condition; ++done) {
    if (stacks && done == room) {
      return Error(Code::kInvalidArgument,
                   "Loop: more trips than planned for; raise max_trips of the session");
    }
    *iteration = done;
    PARE_TRY(body->Run(context.threads, nullptr));
    PARE_TRY(Stack(context, *body, done));
    const bool more = IntegerAt(body->output(0), 0) != 0;
    PARE_TRY(values.Next(body, 1));
    *condition = more;
  }
  values.Finish(*body);
  for (uint32_t i = carried; i < context.output_count; ++i) {
    if (Tensor* out = context.Out(i)) out->shape[0] = done;
  }
  return Ok();
}

}  // namespace

extern const OpDef kLoopOp = {"Loop", 0, kMany, 0, kMany, Infer, PlanLoop, Run};

}  // namespace pare
