#include "converter/passes/quantize/quantized_ops.h"

#include <algorithm>

#include "converter/passes/match.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;

// What the runtime computes, or moves, in u8.
struct Row {
  fb::Op op;
  QuantRole role;
};

constexpr Row kRows[] = {
    {fb::Op::Conv, QuantRole::kLinear},       {fb::Op::MatMul, QuantRole::kLinear},
    {fb::Op::Reshape, QuantRole::kMove},      {fb::Op::Flatten, QuantRole::kMove},
    {fb::Op::Squeeze, QuantRole::kMove},      {fb::Op::Unsqueeze, QuantRole::kMove},
    {fb::Op::Identity, QuantRole::kMove},     {fb::Op::Transpose, QuantRole::kMove},
    {fb::Op::Slice, QuantRole::kMove},        {fb::Op::Split, QuantRole::kMove},
    {fb::Op::Concat, QuantRole::kMove},       {fb::Op::Gather, QuantRole::kMove},
    {fb::Op::DepthToSpace, QuantRole::kMove}, {fb::Op::SpaceToDepth, QuantRole::kMove},
    {fb::Op::Resize, QuantRole::kMove},       {fb::Op::Pad, QuantRole::kMove},
    {fb::Op::Pool, QuantRole::kCompute},      {fb::Op::Unary, QuantRole::kCompute},
    {fb::Op::Binary, QuantRole::kCompute},    {fb::Op::Reduce, QuantRole::kCompute},
};

constexpr size_t kAddend = 3;

// Functions of the C library: their last bits, and so a table's codes, differ between libraries.
bool CallsLibrary(UnaryKind kind) {
  return (kind >= UnaryKind::Sin && kind <= UnaryKind::Cosh) ||
         (kind >= UnaryKind::Asinh && kind <= UnaryKind::Atanh);
}

// The least or the largest of some elements keeps their scale.
bool ChoosesOnU8(const Node& n) {
  switch (n.op.type) {
    case fb::Op::Pool: return n.op.AsPool()->kind == fb::PoolKind::Max && n.outputs.size() == 1;
    case fb::Op::Binary:
      return n.op.AsBinary()->kind == BinaryKind::Min || n.op.AsBinary()->kind == BinaryKind::Max;
    default: return false;
  }
}

bool MovesU8(const Node& n) {
  if (const fb::ResizeT* resize = n.op.AsResize()) return resize->mode == fb::ResizeMode::Nearest;
  return n.op.type != fb::Op::Pad || InputOf(&n, 2) == kAbsent;  // the value is an attribute
}

bool ComputesOnU8(const Node& n) {
  switch (n.op.type) {
    case fb::Op::Binary: {
      const fb::BinaryT* binary = n.op.AsBinary();
      return binary->kind == BinaryKind::Add || binary->kind == BinaryKind::Sub ||
             binary->kind == BinaryKind::Mul;
    }
    case fb::Op::Reduce: return n.op.AsReduce()->kind == fb::ReduceKind::Mean;
    case fb::Op::Pool: return n.op.AsPool()->kind == fb::PoolKind::Average;
    case fb::Op::Unary: return !CallsLibrary(KindOf(n.op.AsUnary()->activation.get()));
    default: return true;
  }
}

}  // namespace

QuantRole QuantRoleOf(const Graph& graph, const Node& n) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                 [&](const Row& r) { return r.op == n.op.type; });
  if (row == std::end(kRows)) return QuantRole::kFloat;
  if (row->role == QuantRole::kLinear)
    return WhyNoInt8(graph, n) == nullptr ? row->role : QuantRole::kFloat;
  for (ValueId v : n.outputs) {
    if (v == kAbsent || graph.values[v].dtype != DType::kF32) return QuantRole::kFloat;
  }
  for (size_t i : QuantInputs(n)) {
    const ValueId v = n.inputs[i];
    if (v == kAbsent || graph.values[v].dtype != DType::kF32 || graph.IsConstant(v))
      return QuantRole::kFloat;
  }
  if (ChoosesOnU8(n)) return QuantRole::kMove;
  if (row->role == QuantRole::kMove) return MovesU8(n) ? row->role : QuantRole::kFloat;
  return ComputesOnU8(n) ? row->role : QuantRole::kFloat;
}

std::vector<size_t> QuantInputs(const Node& n) {
  switch (n.op.type) {
    case fb::Op::Conv:
    case fb::Op::MatMul:
      return InputOf(&n, kAddend) == kAbsent ? std::vector<size_t>{0}
                                             : std::vector<size_t>{0, kAddend};
    case fb::Op::Binary: return {0, 1};
    case fb::Op::Concat: {
      std::vector<size_t> all(n.inputs.size());
      for (size_t i = 0; i < all.size(); ++i) all[i] = i;
      return all;
    }
    default: return {0};
  }
}

bool ActivationFitsU8(Node* n) {
  const auto* activation = ActivationOf(n);
  const UnaryKind kind = activation == nullptr ? UnaryKind::None : KindOf(activation->get());
  return kind == UnaryKind::None || kind == UnaryKind::Relu || kind == UnaryKind::Clip;
}

bool HasLayerWeight(const Node& n) {
  switch (n.op.type) {
    case fb::Op::Conv:
    case fb::Op::MatMul:
    case fb::Op::ConvTranspose:
    case fb::Op::Lstm:
    case fb::Op::Gru:
    case fb::Op::Rnn: return true;
    default: return false;
  }
}

const char* WhyNoInt8(const Graph& graph, const Node& n) {
  if (n.op.type == fb::Op::ConvTranspose) return "its windows overlap: there is no int8 kernel";
  if (n.op.type != fb::Op::Conv && n.op.type != fb::Op::MatMul)
    return "recurrent layers compute in f32";
  if (graph.values[n.inputs[0]].dtype != DType::kF32) return "it computes on integers";
  const Weight* w = graph.ConstantOf(InputOf(&n, 1));
  if (w == nullptr) return "its weight is not constant";
  if (w->layout != Layout::kPlain || w->dtype != DType::kF32)
    return "its weight is encoded already";
  if (w->shape.Elements() == 0) return "its weight is empty";
  if (graph.IsConstant(n.inputs[0])) return "its input is constant";
  if (const fb::MatMulT* matmul = n.op.AsMatMul()) {
    if (w->shape.rank != 2) return "its weight is not one matrix";
    if (matmul->trans_a) return "its input is transposed";
  }
  return nullptr;
}

}  // namespace pare::converter
