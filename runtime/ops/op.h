// What an operator is: a row of functions. One file an operator in this folder; ops.def lists them.
//
// The life of a node:
//   infer   when a session is planned, when an input's size changes, and before a run where a size
//           depends on data. Reads the shapes, types and known values of the inputs, checks them
//           and the attributes, and sets dtype and shape of every output that is wanted.
//   plan    after infer. Chooses kernels, asks for scratch, allows in-place results.
//   run     computes. Trusts what infer checked, except indices that come as data.
// No function allocates, prints, throws or keeps a pointer to its context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "runtime/core/status.h"
#include "runtime/core/tensor.h"
#include "runtime/core/thread_pool.h"
#include "runtime/kernels/cpu.h"

namespace pare {

class Plan;

// A node as its operator sees it. Pointers are valid during the call.
struct NodeView {
  const void* attributes = nullptr;  // the FlatBuffers table of the operator, see Attributes
  const Tensor* const* inputs = nullptr;
  Tensor* const* outputs = nullptr;
  uint32_t input_count = 0;
  uint32_t output_count = 0;
  Plan* const* bodies = nullptr;  // control flow: plans of the body graphs, in attribute order
  uint32_t body_count = 0;
  int64_t max_trips = 0;  // SessionConfig::max_trips

  // The attributes, e.g. Attributes<fb::Conv>(). T must be the operator's own table.
  template <class T>
  const T& Attributes() const {
    return *static_cast<const T*>(attributes);
  }
  // Input i, or null where it is absent.
  const Tensor* In(uint32_t i) const { return i < input_count ? inputs[i] : nullptr; }
  // Output i, or null where nobody wants it.
  Tensor* Out(uint32_t i) const { return i < output_count ? outputs[i] : nullptr; }
};

inline constexpr size_t kStateBytes = 128;

struct PlanContext : NodeView {
  CpuMask cpu = 0;  // instruction sets that kernels may use
  size_t threads = 1;
  void* state = nullptr;       // kStateBytes of the step, zeroed before each plan
  uint64_t scratch_bytes = 0;  // result: memory for run, 64-byte aligned, shared by all steps
  int32_t in_place =
      -1;  // result: output 0 may lie where this input lies (same bytes; run must allow both)
  bool view = false;  // result: output 0 is input 0's bytes under another shape; run copies where
                      // data differ
  const char* kernel = "";  // result: the name of the chosen kernel, a literal, for --plan

  // Makes the step's own state; plan writes it, run reads it. T is trivially copyable.
  template <class T>
  T* NewState() const {
    static_assert(sizeof(T) <= kStateBytes && std::is_trivially_copyable_v<T>);
    return new (state) T();
  }
};

struct RunContext : NodeView {
  void* state = nullptr;
  std::byte* scratch = nullptr;  // scratch_bytes of plan
  const ThreadPool* threads = nullptr;
  const RunContext* before = nullptr;  // a step that this one computes as well, see OpDef::join

  template <class T>
  T& State() const {
    return *static_cast<T*>(state);
  }
};

struct OpDef {
  const char* name;
  uint8_t min_inputs, max_inputs;  // kMany: no limit. The first min_inputs are never absent.
  uint8_t min_outputs, max_outputs;
  Status (*infer)(const NodeView&);
  Status (*plan)(PlanContext&);  // null: nothing to plan
  Status (*run)(const RunContext&);
  // Null, or: whether `step`, whose input 0 is made by the step before it, of the same operator,
  // and read by no other, can compute that one too, piece by piece. Asked once, after plan; then
  // `before` never runs and its output has only the bytes that this returns. 0: no. A session that
  // follows other sizes keeps to the answer: the bytes must do for every smaller size.
  uint64_t (*join)(const RunContext& step, const RunContext& before, size_t threads) = nullptr;
};
inline constexpr uint8_t kMany = 255;

// The operator of that number of the schema's union (fb::Op), or null where this build has none.
const OpDef* FindOp(uint8_t type);
// Its name in the schema, "MatMul", also where this build lacks it; "?" outside the union.
const char* OpName(uint8_t type);

// ---- Helpers for infer

inline Status ShapeError(const char* what) { return Error(Code::kShape, what); }
// A kind of function that this build lacks (built_kinds.h), or that only later versions have.
inline Status NotBuilt() {
  return Error(Code::kUnsupported,
               "this runtime was built without the operator's kind of function, or is older than "
               "the file: rebuild it with the kind in PARE_OPS, or update it");
}
// Sets dtype and shape of output i where it is wanted.
inline void SetOutput(const NodeView& node, uint32_t i, DType dtype, const Shape& shape) {
  if (Tensor* out = node.Out(i)) {
    out->dtype = dtype;
    out->shape = shape;
  }
}
// infer of every operator whose output 0 is like its input 0.
Status InferSameAsInput(const NodeView& node);
// plan of an elementwise operator: output 0 may replace input 0.
Status PlanInPlace(PlanContext& context);

// Integers that come as an attribute vector or as an input tensor (opset changes moved many).
// Reads into values[capacity], sets *count. The input wins where it is present. kUnknownSize where
// the input's values are not known yet.
Status ReadIntegers(const NodeView& node, uint32_t input, const void* attribute_vector_i64,
                    int64_t* values, int capacity, int* count);

}  // namespace pare
