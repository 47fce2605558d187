#include "converter/import/onnx/context.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "converter/import/onnx/importer.h"

namespace pare::converter {

namespace {

std::vector<int64_t> LastPermutation(int rank) {
  std::vector<int64_t> perm = {0};
  for (int i = 2; i < rank; ++i) perm.push_back(i);
  perm.push_back(1);
  return perm;
}

std::vector<int64_t> FirstPermutation(int rank) {
  std::vector<int64_t> perm = {0, rank - 1};
  for (int i = 1; i < rank - 1; ++i) perm.push_back(i);
  return perm;
}

Weight TransposeWeight(const Weight& in, const std::vector<int64_t>& perm, std::string name) {
  const int rank = in.shape.rank;
  Weight out;
  out.name = std::move(name);
  out.dtype = in.dtype;
  out.shape.rank = rank;
  int64_t stride[kMaxRank], in_stride[kMaxRank];
  int64_t step = 1;
  for (int i = rank - 1; i >= 0; --i) {
    in_stride[i] = step;
    step *= in.shape[i];
  }
  for (int i = 0; i < rank; ++i) {
    out.shape[i] = in.shape[static_cast<int>(perm[static_cast<size_t>(i)])];
    stride[i] = in_stride[perm[static_cast<size_t>(i)]];
  }
  std::byte* data;
  out.bytes = Bytes::Allocate(in.bytes.size, &data);
  const size_t size = SizeOf(in.dtype);
  const int64_t count = out.shape.Elements();
  int64_t index[kMaxRank] = {};
  int64_t from = 0;
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(data + static_cast<size_t>(i) * size,
                in.bytes.data + static_cast<size_t>(from) * size, size);
    for (int d = rank - 1; d >= 0; --d) {
      from += stride[d];
      if (++index[d] < out.shape[d]) break;
      from -= stride[d] * out.shape[d];
      index[d] = 0;
    }
  }
  return out;
}

}  // namespace

ValueId GraphBuilder::AddValue(std::string name, const Facts& known) {
  const ValueId v = graph.AddValue(std::move(name), known.dtype);
  facts.push_back(known);
  return v;
}

ValueId GraphBuilder::AddWeight(Weight weight) {
  Facts known;
  known.has_dtype = true;
  known.dtype = weight.dtype;
  known.rank = weight.shape.rank;
  known.length = weight.shape.rank == 1 ? weight.shape[0] : -1;
  facts.push_back(known);
  return graph.AddWeight(std::move(weight));
}

fb::UnaryT MakeUnary(fb::UnaryKind kind, float alpha, float beta) {
  fb::UnaryT op;
  op.activation = std::make_unique<fb::ActivationT>();
  op.activation->kind = kind;
  op.activation->alpha = alpha;
  op.activation->beta = beta;
  return op;
}

fb::BinaryT MakeBinary(fb::BinaryKind kind) {
  fb::BinaryT op;
  op.kind = kind;
  return op;
}

OnnxNode::OnnxNode(Importer& importer, Scope& scope, NodeProto& proto)
    : importer_(importer), scope_(scope), proto_(proto), name_(proto.name()) {
  const std::string domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
  const auto it = scope.opsets.find(domain);
  opset_ = it == scope.opsets.end() ? 1 : it->second;
  if (name_.empty() && proto.output_size() > 0) name_ = proto.output(0);
  if (!scope.prefix.empty()) name_ = scope.prefix + ShortName(name_);
  for (const std::string& input : proto.input())
    inputs_.push_back(input.empty() ? kAbsent : importer.Lookup(scope, input));
}

ValueId OnnxNode::Out(int i) {
  if (!Wants(i)) return kAbsent;
  const std::string& name = proto_.output(i);
  const auto it = scope_.names.find(name);
  if (it != scope_.names.end()) return it->second;
  Facts known;
  const auto declared = scope_.declared.find(name);
  if (declared != scope_.declared.end() && declared->second->type().has_tensor_type()) {
    const auto& type = declared->second->type().tensor_type();
    known.has_dtype = ToDType(type.elem_type(), &known.dtype);
    if (type.has_shape() && type.shape().dim_size() <= kMaxRank) {
      known.rank = type.shape().dim_size();
      if (known.rank == 1 && type.shape().dim(0).dim_value() > 0)
        known.length = type.shape().dim(0).dim_value();
    }
  }
  const bool inlined = !scope_.prefix.empty();
  const ValueId v =
      scope_.builder->AddValue(inlined ? scope_.prefix + ShortName(name) : name, known);
  scope_.names.emplace(name, v);
  return v;
}

std::vector<ValueId> OnnxNode::Outputs() {
  std::vector<ValueId> outputs;
  outputs.reserve(static_cast<size_t>(output_count()));
  for (int i = 0; i < output_count(); ++i) outputs.push_back(Out(i));
  return outputs;
}

void OnnxNode::Alias(int i, ValueId value) {
  if (Wants(i)) scope_.names.emplace(proto_.output(i), value);
}

AttributeProto* OnnxNode::Find(const char* name) {
  for (AttributeProto& a : *proto_.mutable_attribute()) {
    if (a.name() != name) continue;
    if (a.ref_attr_name().empty()) return &a;
    if (scope_.function_attributes == nullptr) return nullptr;
    const auto it = scope_.function_attributes->find(a.ref_attr_name());
    return it == scope_.function_attributes->end() ? nullptr : it->second;
  }
  return nullptr;
}

AttributeProto* OnnxNode::FindTyped(const char* name, AttributeProto::AttributeType type) {
  AttributeProto* a = Find(name);
  if (a == nullptr || a->type() == type) return a;
  // Old exporters left the type out: it follows from the field that is filled.
  if (a->type() == AttributeProto::UNDEFINED) return a;
  attribute_error_ = Malformed(std::string("attribute '") + name + "' has another type than the " +
                               "operator's definition says");
  return nullptr;
}

int64_t OnnxNode::Int(const char* name, int64_t otherwise) {
  const AttributeProto* a = FindTyped(name, AttributeProto::INT);
  return a == nullptr ? otherwise : a->i();
}

float OnnxNode::Float(const char* name, float otherwise) {
  const AttributeProto* a = FindTyped(name, AttributeProto::FLOAT);
  return a == nullptr ? otherwise : a->f();
}

std::string OnnxNode::String(const char* name, const char* otherwise) {
  const AttributeProto* a = FindTyped(name, AttributeProto::STRING);
  return a == nullptr ? otherwise : a->s();
}

std::vector<int64_t> OnnxNode::Ints(const char* name) {
  const AttributeProto* a = FindTyped(name, AttributeProto::INTS);
  return a == nullptr ? std::vector<int64_t>{}
                      : std::vector<int64_t>(a->ints().begin(), a->ints().end());
}

std::vector<float> OnnxNode::Floats(const char* name) {
  const AttributeProto* a = FindTyped(name, AttributeProto::FLOATS);
  return a == nullptr ? std::vector<float>{}
                      : std::vector<float>(a->floats().begin(), a->floats().end());
}

std::vector<std::string> OnnxNode::Strings(const char* name) {
  const AttributeProto* a = FindTyped(name, AttributeProto::STRINGS);
  return a == nullptr ? std::vector<std::string>{}
                      : std::vector<std::string>(a->strings().begin(), a->strings().end());
}

GraphProto* OnnxNode::Body(const char* name) {
  AttributeProto* a = FindTyped(name, AttributeProto::GRAPH);
  return a == nullptr || !a->has_g() ? nullptr : a->mutable_g();
}

Result<int> OnnxNode::Rank(int i) {
  const int rank = In(i) == kAbsent ? -1 : Of(In(i)).rank;
  if (rank < 0)
    return Unsupported("the number of dimensions of its input '" +
                       (i < proto_.input_size() ? proto_.input(i) : std::string()) +
                       "' is not known: write it into the file with onnx.shape_inference");
  return rank;
}

void OnnxNode::IntsFromAttributeOrInput(const char* attribute, int i, std::vector<int64_t>* values,
                                        ValueId* input) {
  *input = kAbsent;
  if (In(i) == kAbsent) {
    *values = Ints(attribute);
  } else if (!Integers(In(i), values)) {
    *input = In(i);
  }
}

std::string OnnxNode::TemporaryName() { return importer_.FreshName(name_); }

ValueId OnnxNode::Temporary() { return scope_.builder->AddValue(TemporaryName(), Facts{}); }

void OnnxNode::Append(fb::OpUnion op, std::vector<ValueId> inputs, std::vector<ValueId> outputs) {
  // What is absent at the end is not said.
  while (!inputs.empty() && inputs.back() == kAbsent) inputs.pop_back();
  while (!outputs.empty() && outputs.back() == kAbsent) outputs.pop_back();
  if (outputs.empty()) return;
  Node node;
  node.name = name_;
  node.op = std::move(op);
  node.inputs = std::move(inputs);
  node.outputs = std::move(outputs);
  DeduceFacts(graph(), node, &scope_.builder->facts);
  for (ValueId v : node.outputs) {
    if (v != kAbsent) graph().values[static_cast<size_t>(v)].dtype = Of(v).dtype;
  }
  graph().nodes.push_back(std::move(node));
}

ValueId OnnxNode::ScalarLike(ValueId like, double value) {
  constexpr double kMost = std::numeric_limits<int32_t>::max();
  switch (Of(like).dtype) {
    case DType::kF32: return Scalar<float>(static_cast<float>(value));
    case DType::kF64: return Scalar<double>(value);
    case DType::kI32:
      return Scalar<int32_t>(static_cast<int32_t>(std::clamp(value, -kMost, kMost)));
    case DType::kI64:
      return Scalar<int64_t>(
          static_cast<int64_t>(std::clamp(value, -kMost * kMost, kMost * kMost)));
    default: {
      fb::CastT cast;
      cast.to = static_cast<fb::DType>(Of(like).dtype);
      return Make(std::move(cast), {Scalar<float>(static_cast<float>(value))});
    }
  }
}

ValueId OnnxNode::Unary(fb::UnaryKind kind, ValueId x, float alpha, float beta) {
  return Make(MakeUnary(kind, alpha, beta), {x});
}

ValueId OnnxNode::Binary(fb::BinaryKind kind, ValueId a, ValueId b) {
  return Make(MakeBinary(kind), {a, b});
}

ValueId OnnxNode::Product(ValueId a, ValueId b) {
  std::vector<float> x, y;
  if (!FloatsOf(a, &x) || !FloatsOf(b, &y) || (x.size() != 1 && y.size() != 1))
    return Binary(fb::BinaryKind::Mul, a, b);
  if (x.size() != 1) {
    std::swap(x, y);
    std::swap(a, b);
  }
  for (float& number : y) number *= x[0];
  return Constant<float>(graph().ConstantOf(b)->shape, y);
}

ValueId OnnxNode::Transpose(ValueId x, const std::vector<int64_t>& perm) {
  const Weight* w = graph().ConstantOf(x);
  if (w != nullptr && w->shape.rank == static_cast<int>(perm.size()))
    return scope_.builder->AddWeight(TransposeWeight(*w, perm, w->name));
  fb::TransposeT op;
  op.perm = perm;
  return Make(std::move(op), {x});
}

ValueId OnnxNode::Unsqueeze(ValueId x, std::vector<int64_t> axes) {
  fb::UnsqueezeT op;
  op.axes = std::move(axes);
  return Make(std::move(op), {x});
}

ValueId OnnxNode::ToChannelsLast(ValueId x, int rank) {
  return rank < 3 ? x : Transpose(x, LastPermutation(rank));
}

ValueId OnnxNode::ToChannelsFirst(ValueId x, int rank) {
  return rank < 3 ? x : Transpose(x, FirstPermutation(rank));
}

void OnnxNode::EmitChannelsFirst(int i, ValueId x, int rank) {
  if (!Wants(i)) return;
  if (rank < 3) {
    (void)Emit(fb::IdentityT{}, {x}, {Out(i)});
    return;
  }
  fb::TransposeT op;
  op.perm = FirstPermutation(rank);
  (void)Emit(std::move(op), {x}, {Out(i)});
}

}  // namespace pare::converter
