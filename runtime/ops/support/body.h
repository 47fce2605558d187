// Running the bodies of If, Loop and Scan.
#pragma once

#include "runtime/ops/op.h"
#include "runtime/plan/plan.h"

namespace pare {

// Binds the captures: inputs [first, input_count) of the node are inputs [body_first, ...) of the
// body. Used while inferring, and before each run for their data.
void BindCaptures(const NodeView& node, uint32_t first, Plan* body, uint32_t body_first);

// Copies a result of a body into an output of the node, with its shape where that is dynamic.
void CopyResult(const Tensor& result, Tensor* out);

// The values that a body hands from one trip to the next: inputs [first, first + count) of both the
// node and the body. They live in two sets in scratch: a trip reads one, its results go to the
// other.
class CarriedValues {
 public:
  CarriedValues(const NodeView& node, uint32_t first, uint32_t count)
      : node_(node), first_(first), count_(count) {}

  // Of infer, after the body's: outputs [first_output, ...) of the body must be like its inputs.
  // Sets outputs [0, count) of the node.
  Status Infer(const Plan& body, uint32_t first_output) const;
  uint64_t ScratchBytes() const { return 2 * SetBytes(); }

  // Of run. Copies the initial values into scratch and points the body at them.
  void Start(Plan* body, std::byte* scratch);
  // Takes the results of a trip.
  Status Next(Plan* body, uint32_t first_output);
  // Copies the last values to the node's outputs.
  void Finish(const Plan& body) const;

 private:
  uint64_t SetBytes() const;

  const NodeView& node_;
  uint32_t first_, count_;
  std::byte *current_ = nullptr, *next_ = nullptr;
};

}  // namespace pare
