#include "converter/import/safetensors/builder.h"

#include <cstring>
#include <memory>

namespace pare::converter {
namespace {

std::string ShapeText(const Shape& shape) {
  std::string text = "[";
  for (int d = 0; d < shape.rank; ++d) text += (d > 0 ? ", " : "") + std::to_string(shape[d]);
  return text + "]";
}

bool Fits(const Shape& shape, const std::vector<int64_t>& dims) {
  if (shape.rank != static_cast<int>(dims.size())) return false;
  for (int d = 0; d < shape.rank; ++d) {
    if (dims[d] >= 0 && shape[d] != dims[d]) return false;
  }
  return true;
}

// Checkpoints converted from TensorFlow call a LayerNorm's weight and bias gamma and beta.
std::string OldName(const std::string& tensor) {
  const auto replace = [&](const char* end, const char* with) {
    const std::string e = end;
    if (tensor.size() < e.size() || tensor.compare(tensor.size() - e.size(), e.size(), e) != 0)
      return std::string();
    return tensor.substr(0, tensor.size() - e.size()) + with;
  };
  std::string old = replace("LayerNorm.weight", "LayerNorm.gamma");
  return old.empty() ? replace("LayerNorm.bias", "LayerNorm.beta") : old;
}

}  // namespace

const Weight* GraphBuilder::Find(const std::string& tensor) const {
  for (const std::string& name : {prefix_ + tensor, tensor}) {
    const auto it = tensors_.find(name);
    if (it != tensors_.end()) return &it->second;
  }
  const std::string old = OldName(tensor);
  return old.empty() ? nullptr : Find(old);
}

Result<ValueId> GraphBuilder::Constant(const std::string& tensor,
                                       const std::vector<int64_t>& dims) {
  const Weight* w = Find(tensor);
  if (w == nullptr) return Error(Code::kCorrupt, "tensor '" + tensor + "' is missing");
  if (!Fits(w->shape, dims))
    return Error(Code::kCorrupt, "tensor '" + w->name + "' has shape " + ShapeText(w->shape) +
                                     ", which config.json contradicts");
  const bool aligned = reinterpret_cast<uintptr_t>(w->bytes.data) % sizeof(float) == 0;
  if (w->dtype == DType::kF32 && aligned) return graph_.AddWeight(*w);
  Weight converted = PARE_TRY(ToFloat(*w));
  return graph_.AddWeight(std::move(converted));
}

ValueId GraphBuilder::Scalar(const std::string& name, float value) {
  float* data;
  Weight w = Weight::Make<float>(name, Shape(), &data);
  *data = value;
  return graph_.AddWeight(std::move(w));
}

ValueId GraphBuilder::Integers(const std::string& name, const Shape& shape,
                               const std::vector<int64_t>& values) {
  int64_t* data;
  Weight w = Weight::Make<int64_t>(name, shape, &data);
  for (size_t i = 0; i < values.size(); ++i) data[i] = values[i];
  return graph_.AddWeight(std::move(w));
}

Result<ValueId> GraphBuilder::Linear(const std::string& name, ValueId x, int64_t inputs,
                                     int64_t outputs, ValueId addend, fb::UnaryKind activation) {
  const ValueId weight = PARE_TRY(Constant(name + ".weight", {outputs, inputs}));
  ValueId bias = kAbsent;
  if (Find(name + ".bias") != nullptr) bias = PARE_TRY(Constant(name + ".bias", {outputs}));
  fb::MatMulT op;
  op.trans_b = true;
  if (activation != fb::UnaryKind::None) {
    op.activation = std::make_unique<fb::ActivationT>();
    op.activation->kind = activation;
  }
  std::vector<ValueId> operands = {x, weight};
  if (bias != kAbsent || addend != kAbsent) operands.push_back(bias);
  if (addend != kAbsent) operands.push_back(addend);
  return Add(name, std::move(op), std::move(operands));
}

Result<ValueId> GraphBuilder::LayerNorm(const std::string& name, ValueId x, int64_t size,
                                        float epsilon) {
  const ValueId scale = PARE_TRY(Constant(name + ".weight", {size}));
  const ValueId bias = PARE_TRY(Constant(name + ".bias", {size}));
  fb::LayerNormT op;
  op.axis = -1;
  op.epsilon = epsilon;
  return Add(name, op, {x, scale, bias});
}

ValueId GraphBuilder::Binary(const std::string& name, fb::BinaryKind kind, ValueId a, ValueId b,
                             DType dtype) {
  fb::BinaryT op;
  op.kind = kind;
  return Add(name, std::move(op), {a, b}, dtype);
}

ValueId GraphBuilder::Cast(const std::string& name, ValueId x, DType to) {
  fb::CastT op;
  op.to = static_cast<fb::DType>(to);
  return Add(name, op, {x}, to);
}

ValueId GraphBuilder::Gather(const std::string& name, ValueId data, ValueId indices, int64_t axis) {
  fb::GatherT op;
  op.axis = axis;
  return Add(name, op, {data, indices}, graph_.values[data].dtype);
}

ValueId GraphBuilder::Unsqueeze(const std::string& name, ValueId x, std::vector<int64_t> axes) {
  fb::UnsqueezeT op;
  op.axes = std::move(axes);
  return Add(name, std::move(op), {x}, graph_.values[x].dtype);
}

ValueId GraphBuilder::Reduce(const std::string& name, fb::ReduceKind kind, ValueId x, int64_t axis,
                             bool keep_dims) {
  fb::ReduceT op;
  op.kind = kind;
  op.axes = {axis};
  op.keep_dims = keep_dims;
  return Add(name, std::move(op), {x});
}

}  // namespace pare::converter
