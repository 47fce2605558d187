#include "runtime/session/session.h"

#include <cstring>

#include "model_generated.h"
#include "platforms/platform.h"
#include "runtime/plan/plan.h"

namespace pare {
namespace {

const char* NameOfValue(const Plan& plan, int32_t v) {
  const flatbuffers::String* name = plan.graph().values()->Get(static_cast<uint32_t>(v))->name();
  return name == nullptr ? "" : name->c_str();
}

// Fixed dimensions stay what the model says.
bool FitsDeclaration(const fb::Value& value, const Shape& shape) {
  if (value.dims() == nullptr) return shape.rank == 0;
  if (static_cast<int>(value.dims()->size()) != shape.rank) return false;
  for (int i = 0; i < shape.rank; ++i) {
    const int64_t fixed = value.dims()->Get(static_cast<uint32_t>(i))->value();
    if (shape[i] < 0 || (fixed >= 0 && fixed != shape[i])) return false;
  }
  return true;
}

}  // namespace

Session::Session(Session&& other) noexcept
    : model_(other.model_),
      plan_(other.plan_),
      threads_(std::move(other.threads_)),
      cancel_(other.cancel_),
      stale_(other.stale_) {
  other.plan_ = nullptr;
}

Result<MemoryNeeds> Session::Measure(const Model& model, const SessionConfig& config) {
  Arena arena;
  const size_t threads =
      config.threads != 0 ? config.threads : pare_platform_fast_cores(nullptr, 0);
  const uint32_t graph = PARE_TRY(model.FindEntry(config.entry));
  const Plan* plan = PARE_TRY(Plan::Build(model, graph, config, threads, nullptr, arena));
  MemoryNeeds needs{};
  needs.plan_bytes = arena.used();
  needs.activation_bytes = plan->activation_bytes();
  needs.scratch_bytes = plan->scratch_bytes();
  (void)PARE_TRY(arena.Reserve(needs.activation_bytes));
  (void)PARE_TRY(arena.Reserve(needs.scratch_bytes));
  needs.arena_bytes = arena.used();
  return needs;
}

Result<Session> Session::Create(const Model& model, const SessionConfig& config,
                                Span<std::byte> memory) {
  if (reinterpret_cast<uintptr_t>(memory.data) % kAlignment != 0) {
    return Error(Code::kInvalidArgument, "the arena must be aligned to 64 bytes");
  }
  Arena arena(memory);
  Session session;
  session.model_ = &model;
  session.cancel_ = config.cancel;
  session.threads_ = PARE_TRY(ThreadPool::Create(config.threads));
  const uint32_t graph = PARE_TRY(model.FindEntry(config.entry));
  session.plan_ =
      PARE_TRY(Plan::Build(model, graph, config, session.threads_.threads(), nullptr, arena));
  std::byte* activations = PARE_TRY(arena.Reserve(session.plan_->activation_bytes()));
  std::byte* scratch = PARE_TRY(arena.Reserve(session.plan_->scratch_bytes()));
  session.plan_->Place(activations, scratch);
  session.ResetState();
  return session;
}

uint32_t Session::input_count() const { return plan_->input_count(); }
uint32_t Session::output_count() const { return plan_->output_count(); }
const char* Session::input_name(uint32_t i) const {
  return NameOfValue(*plan_, plan_->graph().inputs()->Get(i));
}
const char* Session::output_name(uint32_t i) const {
  return NameOfValue(*plan_, plan_->graph().outputs()->Get(i));
}

int32_t Session::FindInput(const char* name) const {
  for (uint32_t i = 0; i < input_count(); ++i) {
    if (std::strcmp(input_name(i), name) == 0) return static_cast<int32_t>(i);
  }
  return -1;
}

int32_t Session::FindOutput(const char* name) const {
  for (uint32_t i = 0; i < output_count(); ++i) {
    if (std::strcmp(output_name(i), name) == 0) return static_cast<int32_t>(i);
  }
  return -1;
}

const Tensor& Session::input(uint32_t i) const { return plan_->input(i); }
const Tensor& Session::output(uint32_t i) const { return plan_->output(i); }
uint32_t Session::step_count() const { return plan_->step_count(); }
const Step& Session::step(uint32_t i) const { return plan_->step(i); }

Status Session::CheckInputShape(uint32_t i, const Shape& shape) const {
  const auto v = static_cast<uint32_t>(plan_->graph().inputs()->Get(i));
  if (!FitsDeclaration(*plan_->graph().values()->Get(v), shape)) {
    return ShapeError("the shape does not fit the model's input; `pare inspect` shows what does");
  }
  uint64_t bytes;
  if (!CheckedBytes(shape, SizeOf(plan_->input(i).dtype), &bytes) || bytes > plan_->Capacity(v)) {
    return Error(Code::kOutOfMemory,
                 "the input is larger than the session was created for: create one for this size");
  }
  return Ok();
}

Status Session::Resize(Span<const Shape> shapes) {
  if (shapes.size != input_count())
    return Error(Code::kInvalidArgument, "give a shape for each input of the model");
  bool changed = stale_;
  for (uint32_t i = 0; i < shapes.size; ++i) {
    PARE_TRY(CheckInputShape(i, shapes[i]));
    changed = changed || shapes[i] != plan_->input(i).shape;
  }
  for (uint32_t i = 0; i < shapes.size; ++i) plan_->input(i).shape = shapes[i];
  return changed ? InferShapes() : Ok();
}

Status Session::Resize(uint32_t i, const Shape& shape) {
  PARE_TRY(CheckInputShape(i, shape));
  if (shape == plan_->input(i).shape && !stale_) return Ok();
  plan_->input(i).shape = shape;
  return InferShapes();
}

Status Session::InferShapes() {
  const Status status = plan_->Infer();
  stale_ = !status.ok();
  return status;
}

Status Session::BindInput(uint32_t i, void* data, size_t bytes) {
  const auto v = static_cast<uint32_t>(plan_->graph().inputs()->Get(i));
  if (plan_->buffer_of(v) == kNoBuffer) {
    return Error(Code::kUnsupported,
                 "an input whose values decide sizes cannot be bound: write to its data");
  }
  if (reinterpret_cast<uintptr_t>(data) % kAlignment != 0) {
    return Error(Code::kInvalidArgument, "bound memory must be aligned to 64 bytes");
  }
  if (data != nullptr && bytes < plan_->Capacity(v)) {
    return Error(Code::kInvalidArgument, "bound memory is smaller than the input can be");
  }
  plan_->SetData(v, data);
  return Ok();
}

Status Session::BindOutput(uint32_t i, void* data, size_t bytes) {
  const int32_t v = plan_->graph().outputs()->Get(i);
  bool own = plan_->buffer_of(static_cast<uint32_t>(v)) != kNoBuffer;
  for (const int32_t input : *plan_->graph().inputs()) own = own && input != v;
  if (!own)
    return Error(Code::kUnsupported,
                 "an output that is an input, a weight or known beforehand cannot be bound");
  if (reinterpret_cast<uintptr_t>(data) % kAlignment != 0) {
    return Error(Code::kInvalidArgument, "bound memory must be aligned to 64 bytes");
  }
  if (data != nullptr && bytes < plan_->Capacity(static_cast<uint32_t>(v))) {
    return Error(Code::kInvalidArgument, "bound memory is smaller than the output can be");
  }
  plan_->SetData(static_cast<uint32_t>(v), data);
  return Ok();
}

Status Session::Prepare() {
  if (plan_->HintsChanged()) return InferShapes();
  if (stale_) {
    return Error(Code::kInvalidArgument,
                 "the last Resize failed: give the inputs shapes that fit first");
  }
  return Ok();
}

Status Session::Run() {
  PARE_TRY(Prepare());
  PARE_TRY(plan_->Run(&threads_, cancel_));
  AdvanceState();
  return Ok();
}

Status Session::RunProfiled(uint64_t* nanoseconds) {
  PARE_TRY(Prepare());
  for (uint32_t i = 0; i < plan_->step_count(); ++i) {
    const uint64_t start = pare_platform_now_ns();
    PARE_TRY(plan_->RunPlanned(plan_->step(i), &threads_));
    nanoseconds[i] += pare_platform_now_ns() - start;
  }
  AdvanceState();
  return Ok();
}

void Session::AdvanceState() {
  const auto* states = plan_->graph().states();
  for (uint32_t i = 0; states != nullptr && i < states->size(); ++i) {
    const Tensor& next = plan_->value(static_cast<uint32_t>(states->Get(i)->next()));
    Tensor& value = plan_->value(static_cast<uint32_t>(states->Get(i)->value()));
    if (next.data != value.data) std::memcpy(value.data, next.data, value.Bytes());
  }
}

void Session::ResetState() {
  const auto* states = plan_->graph().states();
  for (uint32_t i = 0; states != nullptr && i < states->size(); ++i) {
    const fb::State& state = *states->Get(i);
    Tensor& value = plan_->value(static_cast<uint32_t>(state.value()));
    if (state.initial_weight() < 0) {
      std::memset(value.data, 0, value.Bytes());
    } else {
      std::memcpy(value.data, model_->WeightData(static_cast<uint32_t>(state.initial_weight())),
                  value.Bytes());
    }
  }
}

}  // namespace pare
