// Session: one thread's state for running a model. Owns its plan inside a caller's arena.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/core/arena.h"
#include "runtime/core/span.h"
#include "runtime/core/status.h"
#include "runtime/core/tensor.h"
#include "runtime/core/thread_pool.h"
#include "runtime/model/model.h"
#include "runtime/ops/op.h"

namespace pare {

class Plan;
struct Step;

// The most that a named dimension of the model ("batch") will be in this session.
struct DimSize {
  const char* name;
  int64_t size;
};

// What is known of an input beforehand. `shape`: the largest that the session will see; null: from
// the model and SessionConfig::dims. `values`: its data, for small inputs whose values decide sizes
// (the target of a Reshape, the k of a TopK); null: unknown. Read while creating only.
struct InputHint {
  const char* name;
  const Shape* shape;
  const void* values;
};

struct CustomOp {
  const char* name;
  const OpDef* op;
};

struct SessionConfig {
  const char* entry = nullptr;  // entry point; null: the model's first
  size_t threads = 1;           // 0: one for each core of the fastest cluster
  CpuMask cpu = HostCpu();
  Span<const DimSize> dims;
  Span<const InputHint> inputs;
  Span<const CustomOp> custom_ops;
  int64_t max_trips = 1024;  // of loops and ranges whose length only data tells
  const std::atomic<bool>* cancel =
      nullptr;  // checked before each step; Run then returns kCancelled
};

struct MemoryNeeds {
  uint64_t arena_bytes;       // what Create must be given; plan, activations, scratch and state
  uint64_t activation_bytes;  // of these
  uint64_t scratch_bytes;
  uint64_t plan_bytes;
};

// Movable. One thread at a time; sessions of one model may run in parallel.
class Session {
 public:
  // What Create needs for the same model and config: runs the same code over an arena that only
  // counts.
  static Result<MemoryNeeds> Measure(const Model& model, const SessionConfig& config);
  // `arena`: aligned to 64 bytes, at least Measure's arena_bytes, owned by the caller, alive as
  // long as the session. `model` must outlive the session. kOutOfMemory where the arena is too
  // small.
  static Result<Session> Create(const Model& model, const SessionConfig& config,
                                Span<std::byte> arena);

  uint32_t input_count() const;
  uint32_t output_count() const;
  const char* input_name(uint32_t i) const;
  const char* output_name(uint32_t i) const;
  // Index of the input or output of that name, or -1.
  int32_t FindInput(const char* name) const;
  int32_t FindOutput(const char* name) const;
  // Shape, type and data. Write inputs through data before Run; outputs hold results after it.
  // Shapes of outputs follow the inputs' after Resize, and data after Run where they depend on it.
  const Tensor& input(uint32_t i) const;
  const Tensor& output(uint32_t i) const;

  // Gives input i another shape, within what the session was created for, and infers every shape
  // anew. kShape where it does not fit the model, kOutOfMemory where it needs more than was
  // planned: create a session for the larger size then. A failed Resize must be followed by one
  // that succeeds before Run.
  Status Resize(uint32_t i, const Shape& shape);
  // The same for all inputs at once: for those whose shapes fit only together.
  Status Resize(Span<const Shape> shapes);

  // Lets input or output i lie in the caller's memory, aligned to 64 bytes, of at least `bytes`
  // bytes (the value's capacity) with 16 readable bytes after an input. Null: back to the arena.
  Status BindInput(uint32_t i, void* data, size_t bytes);
  Status BindOutput(uint32_t i, void* data, size_t bytes);

  // Computes every output. Allocates nothing.
  Status Run();
  // Like Run; nanoseconds[i] += the time of step i (step_count() of them).
  Status RunProfiled(uint64_t* nanoseconds);

  // Sets every state value to its initial weight, or zero.
  void ResetState();

  uint32_t step_count() const;
  const Step& step(uint32_t i) const;  // plan/plan.h
  const Plan& plan() const { return *plan_; }
  size_t threads() const { return threads_.threads(); }
  size_t placed_threads() const { return threads_.placed(); }

  Session(Session&& other) noexcept;
  Session& operator=(Session&&) = delete;
  ~Session() = default;

 private:
  Session() = default;
  Status CheckInputShape(uint32_t i, const Shape& shape) const;
  Status InferShapes();
  Status Prepare();
  void AdvanceState();

  const Model* model_ = nullptr;
  Plan* plan_ = nullptr;
  ThreadPool threads_;
  const std::atomic<bool>* cancel_ = nullptr;
  bool stale_ = false;  // the last Resize failed
};

}  // namespace pare
