#include "runtime/plan/bodies.h"

#include "model_generated.h"

namespace pare {
namespace {

constexpr char kCounts[] = "the node's inputs do not fit the inputs of its body";

void BindScalar(DType dtype, Tensor* to) {
  to->shape = Shape{};
  to->dtype = dtype;
  to->known = false;
}

Status BindLoop(const NodeView& node, const fb::Loop& loop, Tensor* const* inputs, uint32_t count) {
  const auto carried = static_cast<uint32_t>(loop.carried());
  if (loop.carried() < 0 || node.input_count < 2 || count != node.input_count ||
      count < 2 + carried) {
    return ShapeError(kCounts);
  }
  BindScalar(DType::kI64, inputs[0]);
  BindScalar(DType::kBool, inputs[1]);
  for (uint32_t i = 2; i < count; ++i) {
    if (node.In(i) == nullptr) return ShapeError(kCounts);
    if (i < 2 + carried) {
      BindChanging(*node.In(i), inputs[i]);
    } else {
      BindCapture(*node.In(i), inputs[i]);
    }
  }
  return Ok();
}

Status BindScan(const NodeView& node, const fb::Scan& scan, Tensor* const* inputs, uint32_t count) {
  const int64_t states = scan.states(), scans = scan.scans();
  if (states < 0 || scans < 1 || count != node.input_count ||
      states + scans > static_cast<int64_t>(count)) {
    return ShapeError(kCounts);
  }
  for (uint32_t i = 0; i < count; ++i) {
    const Tensor* from = node.In(i);
    if (from == nullptr) return ShapeError(kCounts);
    if (i >= states + scans) {
      BindCapture(*from, inputs[i]);
      continue;
    }
    BindChanging(*from, inputs[i]);
    if (i < states) continue;
    const auto slice = static_cast<uint32_t>(i - states);
    const bool given = scan.input_axes() != nullptr && slice < scan.input_axes()->size();
    int64_t axis = given ? scan.input_axes()->Get(slice) : 0;
    if (!NormalizeAxis(from->shape.rank, &axis)) return ShapeError("a scan axis is out of range");
    Shape& shape = inputs[i]->shape;
    for (int d = static_cast<int>(axis); d + 1 < shape.rank; ++d) shape[d] = shape[d + 1];
    --shape.rank;
  }
  return Ok();
}

}  // namespace

void BindCapture(const Tensor& from, Tensor* to) {
  to->shape = from.shape;
  to->dtype = from.dtype;
  to->data = from.data;
  to->layout = from.layout;
  to->constant = from.constant;
  to->known = from.known;
  to->dynamic = from.dynamic;
}

void BindChanging(const Tensor& from, Tensor* to) {
  to->shape = from.shape;
  to->dtype = from.dtype;
  to->dynamic = from.dynamic;
  to->known = false;
}

uint32_t BodyGraphs(uint8_t type, const void* attributes, int32_t graphs[2]) {
  switch (static_cast<fb::Op>(type)) {
    case fb::Op::If:
      graphs[0] = static_cast<const fb::If*>(attributes)->then_graph();
      graphs[1] = static_cast<const fb::If*>(attributes)->else_graph();
      return 2;
    case fb::Op::Loop: graphs[0] = static_cast<const fb::Loop*>(attributes)->body(); return 1;
    case fb::Op::Scan: graphs[0] = static_cast<const fb::Scan*>(attributes)->body(); return 1;
    default: return 0;
  }
}

Status BindBody(uint8_t type, const NodeView& node, Tensor* const* body_inputs, uint32_t count) {
  switch (static_cast<fb::Op>(type)) {
    case fb::Op::Loop: return BindLoop(node, node.Attributes<fb::Loop>(), body_inputs, count);
    case fb::Op::Scan: return BindScan(node, node.Attributes<fb::Scan>(), body_inputs, count);
    default: break;
  }
  if (count + 1 != node.input_count) return ShapeError(kCounts);
  for (uint32_t i = 0; i < count; ++i) {
    if (node.In(i + 1) == nullptr) return ShapeError(kCounts);
    BindCapture(*node.In(i + 1), body_inputs[i]);
  }
  return Ok();
}

}  // namespace pare
