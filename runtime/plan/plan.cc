#include "runtime/plan/plan.h"

#include <cstring>

#include "model_generated.h"
#include "runtime/plan/bodies.h"
#include "runtime/plan/quantized_values.h"
#include "runtime/session/session.h"

namespace pare {
namespace {

Status AtNode(Status status, uint32_t graph, int32_t node) {
  if (!status.ok() && status.node < 0) {
    status.node = node;
    status.graph = static_cast<int32_t>(graph);
  }
  return status;
}

bool AnyDynamicInput(const NodeView& view) {
  for (uint32_t i = 0; i < view.input_count; ++i) {
    if (view.inputs[i] != nullptr && view.inputs[i]->dynamic) return true;
  }
  return false;
}

}  // namespace

uint32_t Plan::input_count() const { return graph_->inputs()->size(); }
uint32_t Plan::output_count() const { return graph_->outputs()->size(); }
Tensor& Plan::input(uint32_t i) const { return values_[graph_->inputs()->Get(i)]; }
Tensor& Plan::output(uint32_t i) const { return values_[graph_->outputs()->Get(i)]; }

// Fits what infer said into what Build reserved.
Status Plan::CheckCapacity(const Step& step) const {
  for (uint32_t i = 0; i < step.context.output_count; ++i) {
    const Tensor* out = step.context.outputs[i];
    if (out == nullptr) continue;
    uint64_t bytes;
    if (!CheckedBytes(out->shape, SizeOf(out->dtype), &bytes) || bytes > capacity_[out - values_]) {
      return Error(Code::kOutOfMemory,
                   "a result is larger than planned: create the session for the larger sizes");
    }
  }
  return Ok();
}

Status Plan::InferStep(Step& step) {
  const bool dynamic = AnyDynamicInput(step.context);
  for (uint32_t i = 0; i < step.context.output_count; ++i) {
    if (Tensor* out = step.context.outputs[i]) out->dynamic = false;
  }
  PARE_TRY(step.op->infer(step.context));
  PARE_TRY(CheckQuantizedValues(step.type, step.context));
  for (uint32_t i = 0; i < step.context.output_count; ++i) {
    Tensor* out = step.context.outputs[i];
    if (out != nullptr && dynamic) out->dynamic = true;
  }
  return Ok();
}

Status Plan::PlanStep(Step& step, PlanContext* context) {
  static_cast<NodeView&>(*context) = step.context;
  context->cpu = cpu_;
  context->threads = threads_;
  context->state = step.state;
  std::memset(step.state, 0, sizeof step.state);
  if (step.op->plan != nullptr) PARE_TRY(step.op->plan(*context));
  step.kernel = context->kernel;
  return Ok();
}

Status Plan::Infer() {
  for (uint32_t i = 0; i < step_count_; ++i) {
    Step& step = steps_[i];
    const auto follow = [&]() -> Status {
      PARE_TRY(InferStep(step));
      PARE_TRY(CheckCapacity(step));
      PlanContext context;
      PARE_TRY(PlanStep(step, &context));
      if (context.scratch_bytes > step.scratch_bytes) {
        return Error(
            Code::kOutOfMemory,
            "the step needs more scratch than planned: create the session for these sizes");
      }
      if (step.folds) return RunStep(step, nullptr);
      return Ok();
    };
    PARE_TRY(AtNode(follow(), graph_index_, step.node));
  }
  return Ok();
}

Status Plan::RunStep(Step& step, const ThreadPool* threads) {
  const ThreadPool alone;
  step.context.threads = threads != nullptr ? threads : &alone;
  return AtNode(step.op->run(step.context), graph_index_, step.node);
}

Status Plan::Run(const ThreadPool* threads, const std::atomic<bool>* cancel) {
  for (uint32_t i = 0; i < step_count_; ++i) {
    if (cancel != nullptr && cancel->load(std::memory_order_relaxed)) {
      return Error(Code::kCancelled, "the run was cancelled");
    }
    PARE_TRY(RunPlanned(steps_[i], threads));
  }
  return Ok();
}

Status Plan::RunPlanned(Step& step, const ThreadPool* threads) {
  if (step.mode == StepMode::kAtInfer || step.mode == StepMode::kJoined) return Ok();
  if (step.mode == StepMode::kDynamic) {
    const auto prepare = [&]() -> Status {
      PARE_TRY(InferStep(step));
      PARE_TRY(CheckCapacity(step));
      PlanContext context;
      PARE_TRY(PlanStep(step, &context));
      if (context.scratch_bytes > step.scratch_bytes)
        return Error(Code::kOutOfMemory, "a step outgrew its scratch");
      return Ok();
    };
    PARE_TRY(AtNode(prepare(), graph_index_, step.node));
  }
  return RunStep(step, threads);
}

void Plan::Place(std::byte* activations, std::byte* scratch) {
  activations_ = activations;
  for (uint32_t v = 0; v < value_count_; ++v) {
    if (buffer_of_[v] != kNoBuffer) values_[v].data = activations + buffers_[buffer_of_[v]].offset;
  }
  for (uint32_t i = 0; i < step_count_; ++i) {
    Step& step = steps_[i];
    const bool joins = step.context.before != nullptr;
    step.context.scratch = scratch + (joins ? AlignUp(steps_[i - 1].scratch_bytes) : 0);
    std::byte* body_memory = scratch + AlignUp(step.scratch_bytes);
    for (uint32_t b = 0; b < step.context.body_count; ++b) {
      Plan* body = step.context.bodies[b];
      if (body == nullptr) continue;
      body->Place(body_memory, body_memory + AlignUp(body->activation_bytes()));
    }
  }
}

void Plan::SetData(uint32_t value, void* data) {
  const int32_t buffer = buffer_of_[value];
  if (buffer == kNoBuffer) {
    values_[value].data = data;
    return;
  }
  if (data == nullptr) data = activations_ + buffers_[buffer].offset;
  for (uint32_t v = 0; v < value_count_; ++v) {
    if (buffer_of_[v] == buffer) values_[v].data = data;
  }
}

bool Plan::HintsChanged() {
  bool changed = false;
  for (uint32_t i = 0; i < hint_count_; ++i) {
    const Hint& hint = hints_[i];
    const Tensor& value = values_[hint.value];
    const size_t bytes = value.Bytes();
    if (std::memcmp(hint.planned, value.data, bytes) == 0) continue;
    std::memcpy(hint.planned, value.data, bytes);
    changed = true;
  }
  return changed;
}

}  // namespace pare
