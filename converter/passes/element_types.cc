#include "converter/passes/element_types.h"

#include "converter/passes/control_flow.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;

// Of output i of a plain operator, where its first input has type `first`.
DType TypeOf(const Graph& graph, const Node& n, size_t i, DType first) {
  const auto input = [&](size_t k) {
    return k < n.inputs.size() && n.inputs[k] != kAbsent ? graph.values[n.inputs[k]].dtype : first;
  };
  switch (n.op.type) {
    case fb::Op::Cast: return static_cast<DType>(n.op.AsCast()->to);
    case fb::Op::Quantize: return DType::kU8;
    case fb::Op::Dequantize: return DType::kF32;
    case fb::Op::ShapeOf:
    case fb::Op::Size:
    case fb::Op::NonZero:
    case fb::Op::ArgReduce:
    case fb::Op::NonMaxSuppression: return DType::kI64;
    case fb::Op::ConstantOfShape: return static_cast<DType>(n.op.AsConstantOfShape()->dtype);
    case fb::Op::EyeLike: return static_cast<DType>(n.op.AsEyeLike()->dtype);
    case fb::Op::Binary: {
      const BinaryKind kind = n.op.AsBinary()->kind;
      const bool logic = kind >= BinaryKind::Equal && kind <= BinaryKind::Xor;
      return logic ? DType::kBool : first;
    }
    case fb::Op::Unary: {
      const auto& activation = n.op.AsUnary()->activation;
      const UnaryKind kind = activation == nullptr ? UnaryKind::None : activation->kind;
      return kind == UnaryKind::IsNan || kind == UnaryKind::IsInf ? DType::kBool : first;
    }
    case fb::Op::Where: return input(1);
    case fb::Op::OneHot: return input(2);
    case fb::Op::TopK:
    case fb::Op::Pool:
    case fb::Op::Unique: return i == 0 ? first : DType::kI64;
    default: return first;
  }
}

void Bind(const Graph& outer, const Node& n, size_t first_input, size_t first_body_input,
          Graph* body) {
  for (size_t i = first_input; i < n.inputs.size(); ++i) {
    const size_t k = i - first_input + first_body_input;
    if (n.inputs[i] != kAbsent && k < body->inputs.size())
      body->values[body->inputs[k]].dtype = outer.values[n.inputs[i]].dtype;
  }
  InferElementTypes(*body);
}

void InferControlFlow(Graph& graph, Node& n) {
  size_t skipped = 0;  // body outputs that are no outputs of the node
  Graph* body = nullptr;
  if (fb::IfT* branch = n.op.AsIf()) {
    Bind(graph, n, 1, 0, &graph.subgraphs[branch->else_graph]);
    body = &graph.subgraphs[branch->then_graph];
    Bind(graph, n, 1, 0, body);
  } else if (fb::LoopT* loop = n.op.AsLoop()) {
    body = &graph.subgraphs[loop->body];
    body->values[body->inputs[0]].dtype = DType::kI64;
    body->values[body->inputs[1]].dtype = DType::kBool;
    Bind(graph, n, 2, 2, body);
    skipped = 1;
  } else {
    body = &graph.subgraphs[n.op.AsScan()->body];
    Bind(graph, n, 0, 0, body);
  }
  for (size_t i = 0; i < n.outputs.size() && i + skipped < body->outputs.size(); ++i) {
    if (n.outputs[i] != kAbsent)
      graph.values[n.outputs[i]].dtype = body->values[body->outputs[i + skipped]].dtype;
  }
}

}  // namespace

void InferElementTypes(Graph& graph) {
  for (Node& n : graph.nodes) {
    if (!BodiesOf(n).empty()) {
      InferControlFlow(graph, n);
      continue;
    }
    if (n.op.type == fb::Op::Custom || n.inputs.empty() || n.inputs[0] == kAbsent) continue;
    const DType first = graph.values[n.inputs[0]].dtype;
    for (size_t i = 0; i < n.outputs.size(); ++i) {
      if (n.outputs[i] != kAbsent) graph.values[n.outputs[i]].dtype = TypeOf(graph, n, i, first);
    }
  }
}

}  // namespace pare::converter
