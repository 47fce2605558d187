// The runtime computes on f32, i32 and i64. Floats of other types become f32 throughout, with a
// Cast behind each such input and before each such output of the graph. Arithmetic on other
// integers, or of an operator that has floats only, gets Casts around it; moving data works on
// every type.
#include <cstring>

#include "converter/passes/element_types.h"
#include "converter/passes/match.h"
#include "converter/passes/passes.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;
using fb::ReduceKind;
using fb::UnaryKind;

bool IsOtherFloat(DType t) { return IsFloat(t) && t != DType::kF32; }

// ---- Floats

double FloatAt(const Weight& weight, int64_t i) {
  switch (weight.dtype) {
    case DType::kF16: return HalfToFloat(weight.Data<uint16_t>()[i]);
    case DType::kBF16: return Bfloat16ToFloat(weight.Data<uint16_t>()[i]);
    case DType::kF64: return weight.Data<double>()[i];
    default: return weight.Data<float>()[i];
  }
}

Weight ToFloat(const Weight& weight) {
  float* data;
  Weight result = Weight::Make(weight.name, weight.shape, &data);
  result.origins = weight.origins;
  for (int64_t i = 0; i < weight.shape.Elements(); ++i)
    data[i] = static_cast<float>(FloatAt(weight, i));
  return result;
}

uint64_t FillBits(DType from, uint64_t bits) {
  Weight one;
  one.dtype = from;
  one.bytes.data = reinterpret_cast<const std::byte*>(&bits);
  const auto value = static_cast<float>(FloatAt(one, 0));
  uint32_t result;
  std::memcpy(&result, &value, sizeof result);
  return result;
}

void LowerAttributes(Node& n) {
  if (fb::CastT* cast = n.op.AsCast()) {
    if (IsOtherFloat(static_cast<DType>(cast->to))) cast->to = fb::DType::F32;
  } else if (fb::ConstantOfShapeT* fill = n.op.AsConstantOfShape()) {
    const auto from = static_cast<DType>(fill->dtype);
    if (!IsOtherFloat(from)) return;
    fill->bits = FillBits(from, fill->bits);
    fill->dtype = fb::DType::F32;
  } else if (fb::EyeLikeT* eye = n.op.AsEyeLike()) {
    if (IsOtherFloat(static_cast<DType>(eye->dtype))) eye->dtype = fb::DType::F32;
  }
}

void AddCast(Rewriter& rewriter, const std::string& name, ValueId from, ValueId to) {
  fb::CastT cast;
  cast.to = static_cast<fb::DType>(rewriter.graph().values[to].dtype);
  rewriter.Add(name, cast, {from}, {to});
}

// The graph's own inputs and outputs keep their types.
void CastBoundary(Graph& graph) {
  Rewriter rewriter(graph);
  for (ValueId v : graph.inputs) {
    const Value input = graph.values[v];
    if (!IsOtherFloat(input.dtype)) continue;
    const ValueId lowered = rewriter.NewValue(input.name + "/f32", DType::kF32);
    const std::vector<Node*> users = rewriter.Users(v);
    for (Node* user : users) {
      for (size_t i = 0; i < user->inputs.size(); ++i) {
        if (user->inputs[i] == v) rewriter.SetInput(user, i, lowered);
      }
    }
    AddCast(rewriter, input.name + "/f32", v, lowered);
  }
  for (ValueId v : graph.outputs) {
    const Value output = graph.values[v];
    Node* maker = rewriter.Producer(v);
    if (!IsOtherFloat(output.dtype) || maker == nullptr) continue;
    const ValueId lowered = rewriter.NewValue(output.name + "/f32", DType::kF32);
    for (size_t i = 0; i < maker->outputs.size(); ++i) {
      if (maker->outputs[i] == v) rewriter.SetOutput(maker, i, lowered);
    }
    const std::vector<Node*> users = rewriter.Users(v);
    for (Node* user : users) {
      for (size_t i = 0; i < user->inputs.size(); ++i) {
        if (user->inputs[i] == v) rewriter.SetInput(user, i, lowered);
      }
    }
    AddCast(rewriter, output.name + "/cast", lowered, v);
  }
}

void LowerFloats(Graph& graph, bool is_body) {
  if (!is_body) CastBoundary(graph);
  std::vector<char> boundary(graph.values.size(), 0);
  if (!is_body) {
    for (ValueId v : graph.inputs) boundary[v] = 1;
    for (ValueId v : graph.outputs) boundary[v] = 1;
  }
  for (Node& n : graph.nodes) {
    const bool made_boundary = n.op.type == fb::Op::Cast && boundary[n.outputs[0]];
    if (!made_boundary) LowerAttributes(n);
  }
  for (size_t v = 0; v < graph.values.size(); ++v) {
    if (!boundary[v] && IsOtherFloat(graph.values[v].dtype)) graph.values[v].dtype = DType::kF32;
  }
  for (Weight& weight : graph.weights) {
    if (IsOtherFloat(weight.dtype)) weight = ToFloat(weight);
  }
  for (Graph& body : graph.subgraphs) LowerFloats(body, true);
}

bool HasOtherFloats(const Graph& graph) {
  for (const Value& value : graph.values) {
    if (IsOtherFloat(value.dtype)) return true;
  }
  for (const Graph& body : graph.subgraphs) {
    if (HasOtherFloats(body)) return true;
  }
  return false;
}

// ---- Integers

// What an operator computes its data inputs in.
enum class Work {
  kAny,      // moves data, or has every type
  kInteger,  // i32 or i64, or floats
  kFloat,    // f32 only
};
struct Lowering {
  Work work = Work::kAny;
  uint32_t inputs = 0;   // bit i: input i is data
  uint32_t outputs = 1;  // bit i: output i has the type of the data
};
constexpr uint32_t kAllInputs = ~uint32_t{0};

Lowering BinaryLowering(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::And:
    case BinaryKind::Or:
    case BinaryKind::Xor: return {};
    case BinaryKind::Equal:
    case BinaryKind::Less:
    case BinaryKind::LessOrEqual:
    case BinaryKind::Greater:
    case BinaryKind::GreaterOrEqual: return {Work::kInteger, 3, 0};
    default: return {Work::kInteger, 3, 1};
  }
}

Lowering UnaryLowering(const fb::ActivationT* activation) {
  switch (KindOf(activation)) {
    case UnaryKind::None:
    case UnaryKind::Not:
    case UnaryKind::BitwiseNot: return {};
    case UnaryKind::Abs:
    case UnaryKind::Neg:
    case UnaryKind::Sign:
    case UnaryKind::Relu: return {Work::kInteger, 1, 1};
    case UnaryKind::IsNan:
    case UnaryKind::IsInf: return {Work::kFloat, 1, 0};
    default: return {Work::kFloat, 1, 1};
  }
}

Lowering ReduceLowering(ReduceKind kind) {
  switch (kind) {
    case ReduceKind::Sum:
    case ReduceKind::Max:
    case ReduceKind::Min:
    case ReduceKind::Prod:
    case ReduceKind::L1:
    case ReduceKind::SumSquare: return {Work::kInteger, 1, 1};
    default: return {Work::kFloat, 1, 1};
  }
}

Lowering LoweringOf(const Node& n) {
  switch (n.op.type) {
    case fb::Op::Binary: return BinaryLowering(n.op.AsBinary()->kind);
    case fb::Op::Unary: return UnaryLowering(n.op.AsUnary()->activation.get());
    case fb::Op::Reduce: return ReduceLowering(n.op.AsReduce()->kind);
    case fb::Op::MatMul: return {Work::kInteger, 15, 1};
    case fb::Op::Einsum: return {Work::kInteger, kAllInputs, 1};
    case fb::Op::Range: return {Work::kInteger, 7, 1};
    case fb::Op::ArgReduce: return {Work::kInteger, 1, 0};
    case fb::Op::CumSum:
    case fb::Op::TopK:
    case fb::Op::Unique: return {Work::kInteger, 1, 1};
    case fb::Op::Pool:
    case fb::Op::Resize:
    case fb::Op::Softmax:
    case fb::Op::Hardmax:
    case fb::Op::LayerNorm:
    case fb::Op::RmsNorm:
    case fb::Op::Lrn:
    case fb::Op::LpNorm:
    case fb::Op::Det: return {Work::kFloat, 1, 1};
    case fb::Op::GridSample: return {Work::kFloat, 3, 1};
    case fb::Op::Conv:
    case fb::Op::ConvTranspose: return {Work::kFloat, 15, 1};
    case fb::Op::ScatterElements:
      return n.op.AsScatterElements()->reduce == fb::ScatterReduce::None
                 ? Lowering{}
                 : Lowering{Work::kInteger, 5, 1};
    case fb::Op::ScatterNd:
      return n.op.AsScatterNd()->reduce == fb::ScatterReduce::None ? Lowering{}
                                                                   : Lowering{Work::kInteger, 5, 1};
    default: return {};
  }
}

// The type to compute in where the data has type t.
DType WorkingType(Work work, DType t) {
  if (t == DType::kF32 || work == Work::kAny) return t;
  if (work == Work::kFloat) return DType::kF32;
  switch (t) {
    case DType::kI64:
    case DType::kU64:
    case DType::kU32: return DType::kI64;
    default: return DType::kI32;
  }
}

ValueId CastTo(Rewriter& rewriter, const std::string& name, ValueId v, DType type) {
  if (v == kAbsent || rewriter.graph().values[v].dtype == type) return v;
  const ValueId cast = rewriter.NewValue(rewriter.graph().values[v].name + "/cast", type);
  AddCast(rewriter, name, v, cast);
  return cast;
}

// Pow alone may mix types: the result has the base's, and a real exponent needs a real base.
DType DataType(const Graph& graph, const Node& n) {
  const DType base = graph.values[n.inputs[0]].dtype;
  if (!IsBinary(&n, BinaryKind::Pow)) return base;
  return graph.values[n.inputs[1]].dtype == DType::kF32 ? DType::kF32 : base;
}

void LowerNode(Rewriter& rewriter, Node* n) {
  const Graph& graph = rewriter.graph();
  const Lowering lowering = LoweringOf(*n);
  if (lowering.work == Work::kAny || n->inputs.empty() || n->inputs[0] == kAbsent) return;
  const DType given = graph.values[n->inputs[0]].dtype;
  // Comparing truth values needs no arithmetic.
  if (given == DType::kBool && IsBinary(n, BinaryKind::Equal)) return;
  const DType working = WorkingType(lowering.work, DataType(graph, *n));
  for (size_t i = 0; i < n->inputs.size(); ++i) {
    const bool data = i >= 32 ? lowering.inputs == kAllInputs : (lowering.inputs >> i & 1) != 0;
    if (data) rewriter.SetInput(n, i, CastTo(rewriter, n->name, n->inputs[i], working));
  }
  for (size_t i = 0; i < n->outputs.size() && working != given; ++i) {
    const ValueId y = n->outputs[i];
    if (y == kAbsent || (lowering.outputs >> i & 1) == 0) continue;
    const ValueId lowered = rewriter.NewValue(graph.values[y].name + "/lowered", working);
    rewriter.SetOutput(n, i, lowered);
    AddCast(rewriter, n->name, lowered, y);
  }
}

void LowerIntegers(Graph& graph) {
  {
    Rewriter rewriter(graph);
    for (Node* n : rewriter.Nodes()) LowerNode(rewriter, n);
  }
  for (Graph& body : graph.subgraphs) LowerIntegers(body);
}

}  // namespace

Status LowerTypes(Graph& graph, const Options&) {
  InferElementTypes(graph);
  if (HasOtherFloats(graph)) LowerFloats(graph, false);
  LowerIntegers(graph);
  return Ok();
}

}  // namespace pare::converter
