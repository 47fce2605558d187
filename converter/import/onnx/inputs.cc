#include "converter/import/onnx/inputs.h"

#include <algorithm>
#include <cctype>

namespace pare::converter {

namespace {

const ImportOptions::InputShape* OverrideOf(const ImportOptions& options, const std::string& name) {
  for (const auto& shape : options.shapes) {
    if (shape.name == name) return &shape;
  }
  return nullptr;
}

const ImportOptions::DimBound* BoundOf(const ImportOptions& options, const std::string& name) {
  for (const auto& dim : options.dims) {
    if (dim.name == name) return &dim;
  }
  return nullptr;
}

int32_t SymbolOf(const std::string& name, const ImportOptions& options, Graph* graph) {
  for (size_t i = 0; i < graph->symbols.size(); ++i) {
    if (graph->symbols[i].name == name) return static_cast<int32_t>(i);
  }
  fb::SymbolT symbol;
  symbol.name = name;
  if (const auto* bound = BoundOf(options, name)) {
    symbol.min = bound->min;
    symbol.max = bound->max;
  }
  graph->symbols.push_back(std::move(symbol));
  return static_cast<int32_t>(graph->symbols.size()) - 1;
}

// "?" and the like name nothing: two of them are two dimensions.
bool IsName(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0; });
}

// One dimension of an input: a number, or the name of a symbol.
struct RawDim {
  int64_t value = -1;
  std::string name;
};

Status ReadDims(const ValueInfoProto& input, const ImportOptions& options,
                std::vector<RawDim>* dims) {
  const auto& type = input.type().tensor_type();
  const auto* replaced = OverrideOf(options, input.name());
  if (!type.has_shape() && replaced == nullptr)
    return Unsupported("input '" + input.name() + "' has no shape in the file: give one with " +
                       "--shape " + input.name() + "=...");
  const size_t rank =
      type.has_shape() ? static_cast<size_t>(type.shape().dim_size()) : replaced->dims.size();
  if (rank > kMaxRank)
    return Unsupported("input '" + input.name() + "' has more than " + std::to_string(kMaxRank) +
                       " dimensions");
  if (replaced != nullptr && replaced->dims.size() != rank)
    return Error(Code::kInvalidArgument, "--shape of '" + input.name() + "' has " +
                                             std::to_string(replaced->dims.size()) +
                                             " dimensions, the input has " + std::to_string(rank));
  for (size_t i = 0; i < rank; ++i) {
    RawDim dim;
    if (type.has_shape()) {
      const auto& proto = type.shape().dim(static_cast<int>(i));
      if (proto.has_dim_value()) dim.value = proto.dim_value();
      if (IsName(proto.dim_param())) dim.name = proto.dim_param();
    }
    if (dim.name.empty()) dim.name = input.name() + "_dim" + std::to_string(i);
    const auto* bound = BoundOf(options, dim.name);
    if (bound != nullptr && bound->min == bound->max) dim.value = bound->min;
    if (replaced != nullptr && replaced->dims[i] >= 0) dim.value = replaced->dims[i];
    dims->push_back(std::move(dim));
  }
  return Ok();
}

Status ImportInput(const ValueInfoProto& input, const ImportOptions& options, Scope* scope) {
  if (!input.type().has_tensor_type())
    return Unsupported("input '" + input.name() +
                       "' is no tensor: sequences, maps and optional values are not supported");
  Facts known;
  const int32_t type = input.type().tensor_type().elem_type();
  if (!ToDType(type, &known.dtype))
    return Unsupported("input '" + input.name() + "' has element type " + OnnxTypeName(type) +
                       ", which is not supported");
  known.has_dtype = true;
  std::vector<RawDim> dims;
  PARE_TRY(ReadDims(input, options, &dims));
  known.rank = static_cast<int>(dims.size());
  if (known.rank == 1) known.length = std::max<int64_t>(dims[0].value, -1);
  Graph& graph = scope->builder->graph;
  const ValueId v = scope->builder->AddValue(input.name(), known);
  if (!scope->names.emplace(input.name(), v).second)
    return Malformed("input '" + input.name() + "' is defined twice");
  for (const RawDim& raw : dims) {
    fb::DimT dim;
    if (raw.value >= 0) {
      dim.value = raw.value;
    } else {
      dim.symbol = SymbolOf(raw.name, options, &graph);
    }
    Value& value = graph.values[static_cast<size_t>(v)];
    value.shape.Push(std::max<int64_t>(raw.value, -1));
    value.dims.push_back(std::move(dim));
  }
  graph.values[static_cast<size_t>(v)].has_shape = true;
  graph.inputs.push_back(v);
  return Ok();
}

// An option that names nothing is a mistake of the user's.
Status CheckOptions(const GraphProto& proto, const ImportOptions& options, const Graph& graph) {
  std::string inputs;
  for (ValueId v : graph.inputs) inputs += " '" + graph.values[static_cast<size_t>(v)].name + "'";
  for (const auto& shape : options.shapes) {
    if (std::none_of(graph.inputs.begin(), graph.inputs.end(), [&](ValueId v) {
          return graph.values[static_cast<size_t>(v)].name == shape.name;
        }))
      return Error(Code::kNotFound,
                   "--shape names '" + shape.name + "'; the model's inputs are" + inputs);
  }
  for (const auto& bound : options.dims) {
    bool found = false;
    std::string names;
    for (const auto& symbol : graph.symbols) {
      found = found || symbol.name == bound.name;
      names += " '" + symbol.name + "'";
    }
    for (const auto& input : proto.input()) {
      const auto& shape = input.type().tensor_type().shape();
      for (int i = 0; i < shape.dim_size(); ++i)
        found = found || shape.dim(i).dim_param() == bound.name ||
                input.name() + "_dim" + std::to_string(i) == bound.name;
    }
    if (!found)
      return Error(Code::kNotFound, "--dim names '" + bound.name + "'; the model's dimensions are" +
                                        (names.empty() ? " all fixed" : names));
  }
  return Ok();
}

}  // namespace

Status ImportInputs(const GraphProto& graph, const ImportOptions& options, Scope* scope) {
  for (const ValueInfoProto& input : graph.input()) {
    if (scope->names.count(input.name()) == 0) PARE_TRY(ImportInput(input, options, scope));
  }
  return CheckOptions(graph, options, scope->builder->graph);
}

}  // namespace pare::converter
