#include "runtime/model/verify.h"

#include <initializer_list>

#include "built_layouts.h"
#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/core/tensor.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/op.h"

namespace pare {
namespace {

constexpr uint32_t kMaxNodeValues = 1u << 16;

Status Corrupt(const char* what) { return Error(Code::kCorrupt, what); }

Status At(Status status, uint32_t graph, uint32_t node) {
  status.graph = static_cast<int32_t>(graph);
  status.node = static_cast<int32_t>(node);
  return status;
}

template <class T>
uint32_t SizeOf(const flatbuffers::Vector<T>* v) {
  return v == nullptr ? 0 : v->size();
}

using LongVector = const flatbuffers::Vector<int64_t>*;

// FlatBuffers' verifier checks that vectors lie inside the buffer, yet not that their 64-bit
// elements are aligned: not every processor could read a damaged file's.
bool AreAligned(std::initializer_list<LongVector> vectors) {
  for (const LongVector v : vectors) {
    if (v != nullptr && reinterpret_cast<uintptr_t>(v->Data()) % alignof(int64_t) != 0)
      return false;
  }
  return true;
}

// Every [long] field of an operator of model.fbs.
bool HasAlignedVectors(const fb::Node& node) {
  if (const auto* op = node.op_as_Conv())
    return AreAligned({op->strides(), op->dilations(), op->pads()});
  if (const auto* op = node.op_as_ConvTranspose())
    return AreAligned(
        {op->strides(), op->dilations(), op->pads(), op->output_padding(), op->output_shape()});
  if (const auto* op = node.op_as_Pool())
    return AreAligned({op->kernel(), op->strides(), op->dilations(), op->pads()});
  if (const auto* op = node.op_as_MaxUnpool())
    return AreAligned({op->kernel(), op->strides(), op->pads()});
  if (const auto* op = node.op_as_Slice())
    return AreAligned({op->starts(), op->ends(), op->axes(), op->steps()});
  if (const auto* op = node.op_as_Resize()) return AreAligned({op->sizes(), op->axes()});
  if (const auto* op = node.op_as_Scan()) return AreAligned({op->input_axes(), op->output_axes()});
  if (const auto* op = node.op_as_Reduce()) return AreAligned({op->axes()});
  if (const auto* op = node.op_as_Pad()) return AreAligned({op->pads()});
  if (const auto* op = node.op_as_Split()) return AreAligned({op->sizes()});
  if (const auto* op = node.op_as_Reshape()) return AreAligned({op->shape()});
  if (const auto* op = node.op_as_Squeeze()) return AreAligned({op->axes()});
  if (const auto* op = node.op_as_Unsqueeze()) return AreAligned({op->axes()});
  if (const auto* op = node.op_as_Transpose()) return AreAligned({op->perm()});
  if (const auto* op = node.op_as_Expand()) return AreAligned({op->shape()});
  if (const auto* op = node.op_as_Tile()) return AreAligned({op->repeats()});
  return true;
}

Status VerifyWeight(const fb::Weight& w, uint64_t segment_bytes) {
  if (w.dtype() > fb::DType::MAX || w.layout() > fb::Layout::MAX) {
    return Error(Code::kUnsupported,
                 "a weight has a type or layout that this runtime does not know: update it");
  }
  if (!IsBuilt(static_cast<Layout>(w.layout()))) {
    return Error(
        Code::kUnsupported,
        "this runtime was built without the layout of a weight: rebuild it with the layout "
        "in PARE_OPS");
  }
  if (!AreAligned({w.shape()})) return Corrupt("a weight's shape is not aligned");
  Shape shape;
  for (uint32_t i = 0; i < SizeOf(w.shape()); ++i) {
    if (!shape.Push(w.shape()->Get(i))) return Corrupt("a weight has more than 8 dimensions");
  }
  uint64_t bytes;
  if (!PackedBytes(static_cast<Layout>(w.layout()), static_cast<DType>(w.dtype()), shape, &bytes)) {
    return Corrupt("a weight's shape and type do not fit its layout");
  }
  if (bytes != w.bytes() || bytes > SIZE_MAX)
    return Corrupt("a weight's size does not fit its shape");
  if (segment_bytes == kNoSegment) return Ok();
  if (w.offset() % kAlignment != 0) return Corrupt("a weight is not aligned to 64 bytes");
  if (w.offset() > segment_bytes || bytes > segment_bytes - w.offset()) {
    return Corrupt("a weight lies outside the file");
  }
  return Ok();
}

Status VerifyAsset(const fb::Asset& a, uint64_t segment_bytes) {
  if (segment_bytes == kNoSegment) return Ok();
  if (a.offset() > segment_bytes || a.bytes() > segment_bytes - a.offset()) {
    return Corrupt("an asset lies outside the file");
  }
  return Ok();
}

// Checks one graph. Single definition and order are told without memory of our own: a value's
// producer is the first node that names it, and every node's inputs must be produced before.
class GraphVerifier {
 public:
  GraphVerifier(const fb::Model& model, uint32_t index)
      : model_(model), graph_(*model.graphs()->Get(index)), index_(index) {}

  Status Run() {
    for (const fb::Value* v : *graph_.values()) PARE_TRY(VerifyValue(*v));
    for (const int32_t v : *graph_.inputs()) PARE_TRY(VerifyInput(v));
    for (const int32_t v : *graph_.outputs()) {
      if (!InRange(v)) return Corrupt("a graph output is out of range");
    }
    for (uint32_t i = 0; i < SizeOf(graph_.states()); ++i)
      PARE_TRY(VerifyState(*graph_.states()->Get(i)));
    for (uint32_t i = 0; i < graph_.nodes()->size(); ++i) PARE_TRY(VerifyNode(i));
    return Ok();
  }

 private:
  bool InRange(int32_t v) const {
    return v >= 0 && static_cast<uint32_t>(v) < graph_.values()->size();
  }

  Status VerifyValue(const fb::Value& v) const {
    if (v.dtype() > fb::DType::MAX)
      return Error(Code::kUnsupported, "a value has an unknown type: update the runtime");
    if (v.scale() != 0) PARE_TRY(VerifyQuantization(v));
    if (SizeOf(v.dims()) > static_cast<uint32_t>(kMaxRank))
      return Corrupt("a value has more than 8 dimensions");
    if (v.weight() < -1 || v.weight() >= static_cast<int32_t>(SizeOf(model_.weights()))) {
      return Corrupt("a value names a weight that does not exist");
    }
    for (uint32_t i = 0; i < SizeOf(v.dims()); ++i) {
      const fb::Dim& d = *v.dims()->Get(i);
      if (d.symbol() >= static_cast<int32_t>(SizeOf(model_.symbols())) || d.div() < 1) {
        return Corrupt("a dimension names a symbol that does not exist");
      }
    }
    return Ok();
  }

  static Status VerifyQuantization(const fb::Value& v) {
    const bool u8 = v.dtype() == fb::DType::U8, i16 = v.dtype() == fb::DType::I16;
    // Not NaN, and neither scales nor their ratios overflow.
    const bool scale = v.scale() >= 1e-18f && v.scale() <= 1e18f;
    const int32_t least = u8 ? 0 : INT16_MIN, most = u8 ? UINT8_MAX : INT16_MAX;
    if ((!u8 && !i16) || !scale || v.zero_point() < least || v.zero_point() > most)
      return Corrupt("the scale or zero point of a quantized value is out of range");
    return Ok();
  }

  Status VerifyInput(int32_t v) const {
    if (!InRange(v)) return Corrupt("a graph input is out of range");
    if (graph_.values()->Get(static_cast<uint32_t>(v))->weight() >= 0)
      return Corrupt("a graph input is a weight");
    return Ok();
  }

  Status VerifyState(const fb::State& s) const {
    if (!InRange(s.value()) || !InRange(s.next())) return Corrupt("a state is out of range");
    if (graph_.values()->Get(static_cast<uint32_t>(s.value()))->weight() >= 0)
      return Corrupt("a state is a weight");
    if (s.initial_weight() < -1 ||
        s.initial_weight() >= static_cast<int32_t>(SizeOf(model_.weights()))) {
      return Corrupt("a state names a weight that does not exist");
    }
    return Ok();
  }

  Status VerifyNode(uint32_t i) const {
    const fb::Node& node = *graph_.nodes()->Get(i);
    const auto type = static_cast<uint8_t>(node.op_type());
    if (type == 0 || node.op() == nullptr)
      return At(Corrupt("the node has no operator"), index_, i);
    const OpDef* op = FindOp(type);
    if (op == nullptr) {
      return At(Error(Code::kUnsupported,
                      "this runtime was built without the operator, or is older than the file: "
                      "rebuild it with the operator in PARE_OPS, or update it"),
                index_, i);
    }
    if (!HasAlignedVectors(node))
      return At(Corrupt("an attribute of the node is not aligned"), index_, i);
    const uint32_t inputs = SizeOf(node.inputs()), outputs = SizeOf(node.outputs());
    const bool arity =
        inputs >= op->min_inputs && outputs >= op->min_outputs &&
        (op->max_inputs == kMany ? inputs < kMaxNodeValues : inputs <= op->max_inputs) &&
        (op->max_outputs == kMany ? outputs < kMaxNodeValues : outputs <= op->max_outputs);
    if (!arity) return At(Corrupt("the node has a wrong number of inputs or outputs"), index_, i);
    for (uint32_t k = 0; k < inputs; ++k) {
      const int32_t v = node.inputs()->Get(k);
      const bool absent = v == -1 && k >= op->min_inputs;
      if (!absent && !InRange(v))
        return At(Corrupt("an input of the node is out of range"), index_, i);
    }
    for (uint32_t k = 0; k < outputs; ++k) {
      const int32_t v = node.outputs()->Get(k);
      if (v != -1 && !InRange(v))
        return At(Corrupt("an output of the node is out of range"), index_, i);
      if (v == -1 && k < op->min_outputs) return At(Corrupt("the node lacks an output"), index_, i);
    }
    return VerifyBodies(node, i);
  }

  Status VerifyBodies(const fb::Node& node, uint32_t i) const {
    int32_t bodies[2] = {-1, -1};
    int count = 0;
    if (const auto* op = node.op_as_If()) {
      bodies[count++] = op->then_graph();
      bodies[count++] = op->else_graph();
    } else if (const auto* loop = node.op_as_Loop()) {
      bodies[count++] = loop->body();
    } else if (const auto* scan = node.op_as_Scan()) {
      bodies[count++] = scan->body();
    }
    for (int b = 0; b < count; ++b) {
      const bool later = bodies[b] > static_cast<int32_t>(index_) &&
                         bodies[b] < static_cast<int32_t>(model_.graphs()->size());
      if (!later)
        return At(Corrupt("a body of the node is not a later graph of the file"), index_, i);
    }
    return Ok();
  }

  const fb::Model& model_;
  const fb::Graph& graph_;
  uint32_t index_;
};

}  // namespace

Status VerifyMeaning(const fb::Model& model, uint64_t segment_bytes) {
  if (SizeOf(model.graphs()) == 0 || SizeOf(model.entries()) == 0)
    return Corrupt("the file holds no graph");
  for (const fb::Entry* e : *model.entries()) {
    if (e->graph() < 0 || e->graph() >= static_cast<int32_t>(model.graphs()->size())) {
      return Corrupt("an entry point names a graph that does not exist");
    }
  }
  for (uint32_t i = 0; i < SizeOf(model.weights()); ++i) {
    PARE_TRY(VerifyWeight(*model.weights()->Get(i), segment_bytes));
  }
  for (uint32_t i = 0; i < SizeOf(model.assets()); ++i) {
    PARE_TRY(VerifyAsset(*model.assets()->Get(i), segment_bytes));
  }
  for (uint32_t i = 0; i < model.graphs()->size(); ++i) PARE_TRY(GraphVerifier(model, i).Run());
  return Ok();
}

}  // namespace pare
