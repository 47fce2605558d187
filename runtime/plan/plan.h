// Plan: a graph of the model, ready to run. Built once; Infer follows new sizes without allocating.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/core/arena.h"
#include "runtime/core/span.h"
#include "runtime/core/status.h"
#include "runtime/core/tensor.h"
#include "runtime/model/model.h"
#include "runtime/ops/op.h"

namespace pare {

struct SessionConfig;

enum class StepMode : uint8_t {
  kRun,      // computes when the session runs
  kAtInfer,  // all inputs are known while shapes are inferred (Shape -> Gather -> Concat): computes
             // then
  kDynamic,  // its shapes depend on data: infers and plans again before it runs
  kJoined,   // the next step computes it, piece by piece
};

// A node, ready to run.
struct Step {
  const OpDef* op;
  RunContext context;
  int32_t node;  // index in the graph
  StepMode mode;
  bool folds;    // also computes while shapes are inferred, where it is kDynamic
  uint8_t type;  // fb::Op
  const char* kernel;
  uint64_t scratch_bytes;  // reserved for run
  alignas(16) std::byte state[kStateBytes];
};

// A tensor's place in memory. Values share a buffer where one is a view of another or replaces it.
struct Buffer {
  uint64_t bytes;       // capacity: the tensor at its upper bound
  uint64_t offset;      // in the activations
  int32_t first, last;  // steps between which it is alive
};
inline constexpr int32_t kNoBuffer = -1;  // weights, known values, absent values

class Plan {
 public:
  // Plans graph `graph` of the model. With `bindings`: shapes, types and known values of the inputs
  // (a body of control flow); without: from the model and config. All memory comes from `arena`.
  static Result<Plan*> Build(const Model& model, uint32_t graph, const SessionConfig& config,
                             size_t threads, const Tensor* const* bindings, Arena& arena);

  // Follows the inputs' current shapes: infers and plans every step. kOutOfMemory where a value
  // outgrows what Build reserved.
  Status Infer();
  // Runs every step. `threads` may be null: on the calling thread.
  Status Run(const ThreadPool* threads, const std::atomic<bool>* cancel);
  // One step as Run does it: infers first where its shapes depend on data, skips what Infer
  // computed.
  Status RunPlanned(Step& step, const ThreadPool* threads);

  // Bytes of activations and of scratch, after Build; Place says where they are.
  uint64_t activation_bytes() const { return activation_bytes_; }
  uint64_t scratch_bytes() const { return scratch_bytes_; }
  void Place(std::byte* activations, std::byte* scratch);

  const fb::Graph& graph() const { return *graph_; }
  uint32_t graph_index() const { return graph_index_; }
  uint32_t value_count() const { return value_count_; }
  Tensor& value(uint32_t i) const { return values_[i]; }
  uint32_t step_count() const { return step_count_; }
  Step& step(uint32_t i) const { return steps_[i]; }
  uint32_t input_count() const;
  uint32_t output_count() const;
  Tensor& input(uint32_t i) const;
  Tensor& output(uint32_t i) const;
  // Index of a value's buffer, or kNoBuffer.
  int32_t buffer_of(uint32_t value) const { return buffer_of_[value]; }
  const Buffer& buffer(int32_t i) const { return buffers_[i]; }
  // Most bytes that a value may take.
  uint64_t Capacity(uint32_t value) const { return capacity_[value]; }

  // Points a value and all that share its buffer at other memory; null: back to where Place put it.
  void SetData(uint32_t value, void* data);

  // Whether an input whose values were given beforehand holds others now than at the last call:
  // Infer must follow.
  bool HintsChanged();

 private:
  friend class PlanBuilder;
  Status InferStep(Step& step);
  Status PlanStep(Step& step, PlanContext* context);
  Status CheckCapacity(const Step& step) const;
  Status RunStep(Step& step, const ThreadPool* threads);

  const Model* model_ = nullptr;
  const fb::Graph* graph_ = nullptr;
  uint32_t graph_index_ = 0;
  CpuMask cpu_ = 0;
  size_t threads_ = 1;
  std::byte* activations_ = nullptr;
  struct Hint {
    uint32_t value;
    void* planned;  // the values that shapes were inferred for
    size_t bytes;
  };
  Hint* hints_ = nullptr;
  uint32_t hint_count_ = 0;
  Tensor* values_ = nullptr;
  uint64_t* capacity_ = nullptr;
  int32_t* buffer_of_ = nullptr;
  Buffer* buffers_ = nullptr;
  Step* steps_ = nullptr;
  uint32_t value_count_ = 0, step_count_ = 0, buffer_count_ = 0;
  uint64_t activation_bytes_ = 0, scratch_bytes_ = 0;
};

}  // namespace pare
