#include "runtime/ops/support/body.h"

#include <utility>

#include "runtime/core/arena.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/strided_copy.h"
#include "runtime/plan/bodies.h"

namespace pare {

void BindCaptures(const NodeView& node, uint32_t first, Plan* body, uint32_t body_first) {
  for (uint32_t i = first; i < node.input_count; ++i) {
    BindCapture(*node.In(i), &body->input(body_first + i - first));
  }
}

void CopyResult(const Tensor& result, Tensor* out) {
  if (out == nullptr) return;
  if (out->dynamic) out->shape = result.shape;
  CopyBytes(out->data, result.data, result.Bytes());
}

Status CarriedValues::Infer(const Plan& body, uint32_t first_output) const {
  for (uint32_t i = 0; i < count_; ++i) {
    const Tensor &in = body.input(first_ + i), &result = body.output(first_output + i);
    if (result.dtype != in.dtype || result.layout != Layout::kPlain) {
      return ShapeError("a value that a body carries to its next trip changes its type");
    }
    // A result whose size only data tells has the size of its input, or Next refuses it.
    bool fits = result.shape.rank == in.shape.rank;
    for (int d = 0; fits && !result.dynamic && d < in.shape.rank; ++d) {
      fits = in.dynamic ? result.shape[d] <= in.shape[d] : result.shape[d] == in.shape[d];
    }
    if (!fits) return ShapeError("a value that a body carries to its next trip changes its size");
    PARE_TRY(in.dynamic ? SetDynamicOutput(node_, i, in.dtype, in.shape)
                        : SetCheckedOutput(node_, i, in.dtype, in.shape));
  }
  return Ok();
}

uint64_t CarriedValues::SetBytes() const {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < count_; ++i) bytes += AlignUp(node_.In(first_ + i)->Bytes() + 16);
  return bytes;
}

void CarriedValues::Start(Plan* body, std::byte* scratch) {
  current_ = scratch;
  next_ = scratch + SetBytes();
  std::byte* at = current_;
  for (uint32_t i = 0; i < count_; ++i) {
    const Tensor& initial = *node_.In(first_ + i);
    Tensor& in = body->input(first_ + i);
    CopyBytes(at, initial.data, initial.Bytes());
    in.shape = initial.shape;
    in.data = at;
    at += AlignUp(initial.Bytes() + 16);
  }
}

Status CarriedValues::Next(Plan* body, uint32_t first_output) {
  std::byte* at = next_;
  for (uint32_t i = 0; i < count_; ++i) {
    const Tensor& result = body->output(first_output + i);
    const size_t room = node_.In(first_ + i)->Bytes();
    const Tensor& in = body->input(first_ + i);
    if (in.dynamic ? result.Bytes() > room : result.shape != in.shape) {
      return Error(Code::kUnsupported,
                   "a value that a body carries to its next trip changes its size");
    }
    CopyBytes(at, result.data, result.Bytes());
    at += AlignUp(room + 16);
  }
  at = next_;
  for (uint32_t i = 0; i < count_; ++i) {
    Tensor& in = body->input(first_ + i);
    in.shape = body->output(first_output + i).shape;
    in.data = at;
    at += AlignUp(node_.In(first_ + i)->Bytes() + 16);
  }
  std::swap(current_, next_);
  return Ok();
}

void CarriedValues::Finish(const Plan& body) const {
  for (uint32_t i = 0; i < count_; ++i) CopyResult(body.input(first_ + i), node_.Out(i));
}

}  // namespace pare
