#include "converter/import/onnx/importer.h"

#include <algorithm>
#include <array>

#include "converter/import/onnx/inputs.h"
#include "converter/import/onnx/ops.h"
#include "converter/import/onnx/quantized.h"

namespace pare::converter {

namespace {

constexpr int64_t kOldestOpset = 7;
constexpr int64_t kNewestOpset = 26;      // what the importer was written for
constexpr int64_t kMaxInlined = 1 << 18;  // functions that call functions grow without bound
constexpr int kMaxDepth = 64;             // of functions and bodies inside one another

std::string Canonical(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

std::string FunctionKey(const std::string& domain, const std::string& name,
                        const std::string& overload) {
  return Canonical(domain) + ":" + name + ":" + overload;
}

std::string FullName(const NodeProto& node) {
  const std::string domain = Canonical(node.domain());
  return domain.empty() ? node.op_type() : domain + "." + node.op_type();
}

std::string Describe(const NodeProto& node) {
  std::string name = node.name();
  if (name.empty() && node.output_size() > 0) name = node.output(0);
  return "node '" + name + "' (" + FullName(node) + ")";
}

template <class Opsets>
std::map<std::string, int64_t> OpsetsOf(const Opsets& imports) {
  std::map<std::string, int64_t> opsets;
  for (const auto& import : imports) opsets[Canonical(import.domain())] = import.version();
  return opsets;
}

void Declare(const GraphProto& graph, Scope* scope) {
  for (const auto& info : graph.value_info()) scope->declared[info.name()] = &info;
  for (const auto& info : graph.output()) scope->declared[info.name()] = &info;
}

// Drops values and weights that no node reads, e.g. weights that were transposed.
void Compact(Graph* graph) {
  std::vector<ValueId> renamed(graph->values.size(), kAbsent);
  auto use = [&](const std::vector<ValueId>& values) {
    for (ValueId v : values) {
      if (v != kAbsent) renamed[static_cast<size_t>(v)] = 0;
    }
  };
  use(graph->inputs);
  use(graph->outputs);
  for (const Node& node : graph->nodes) {
    use(node.inputs);
    use(node.outputs);
  }
  std::vector<Value> values;
  std::vector<Weight> weights;
  for (size_t v = 0; v < renamed.size(); ++v) {
    if (renamed[v] == kAbsent) continue;
    renamed[v] = static_cast<ValueId>(values.size());
    values.push_back(std::move(graph->values[v]));
    int32_t& weight = values.back().weight;
    if (weight < 0) continue;
    weights.push_back(std::move(graph->weights[static_cast<size_t>(weight)]));
    weight = static_cast<int32_t>(weights.size()) - 1;
  }
  graph->values = std::move(values);
  graph->weights = std::move(weights);
  auto rename = [&](std::vector<ValueId>* ids) {
    for (ValueId& v : *ids) {
      if (v != kAbsent) v = renamed[static_cast<size_t>(v)];
    }
  };
  rename(&graph->inputs);
  rename(&graph->outputs);
  for (Node& node : graph->nodes) {
    rename(&node.inputs);
    rename(&node.outputs);
  }
  for (Graph& body : graph->subgraphs) Compact(&body);
}

}  // namespace

Importer::Importer(std::unique_ptr<ModelProto> model, std::filesystem::path folder,
                   const ImportOptions& options)
    : model_(std::move(model)), files_(std::move(folder)), options_(options) {}

Result<Graph> Importer::Run() {
  GraphBuilder builder;
  Scope scope;
  scope.builder = &builder;
  scope.opsets = OpsetsOf(model_->opset_import());
  const int64_t opset = scope.opsets.count("") != 0 ? scope.opsets[""] : kOldestOpset;
  if (opset > kNewestOpset)
    Warn("opset " + std::to_string(opset) + " is newer than " + std::to_string(kNewestOpset) +
         ", the newest that this importer knows: operators are taken as they were there");
  if (opset < kOldestOpset)
    Warn("opset " + std::to_string(opset) + " is older than " + std::to_string(kOldestOpset) +
         ": if an operator is refused, use onnx.version_converter");
  GraphProto& graph = *model_->mutable_graph();
  builder.graph.name = graph.name();
  for (const auto& entry : model_->metadata_props())
    builder.graph.metadata.emplace_back(entry.key(), entry.value());
  Declare(graph, &scope);
  PARE_TRY(ImportFunctions());
  PARE_TRY(ImportInitializers(graph, scope));
  PARE_TRY(ImportInputs(graph, options_, &scope));
  Status status = ImportNodes(*graph.mutable_node(), scope);
  // What an operator left undone may be the cause of a later error: it comes first.
  if (!missing_.empty()) return MissingError();
  PARE_TRY(std::move(status));
  PARE_TRY(ImportOutputs(graph, scope));
  Compact(&builder.graph);
  const std::string wrong = CheckGraph(builder.graph);
  if (!wrong.empty()) return Malformed(wrong);
  return std::move(builder.graph);
}

Status Importer::ImportFunctions() {
  for (FunctionProto& f : *model_->mutable_functions()) {
    if (!functions_.emplace(FunctionKey(f.domain(), f.name(), f.overload()), &f).second)
      return Malformed("function '" + f.name() + "' is defined twice");
  }
  return Ok();
}

Result<Weight> Importer::WeightOf(TensorProto& tensor) {
  const auto it = weights_.find(&tensor);
  if (it != weights_.end()) return it->second;
  Result<Weight> weight = TakeTensor(tensor, files_);
  if (weight.ok()) weights_.emplace(&tensor, *weight);
  return weight;
}

Result<Weight> Importer::WeightOf(pare::onnx::SparseTensorProto& sparse) {
  const auto it = weights_.find(&sparse);
  if (it != weights_.end()) return it->second;
  Result<Weight> weight = DensifyTensor(sparse, files_);
  if (weight.ok()) weights_.emplace(&sparse, *weight);
  return weight;
}

Status Importer::ImportInitializers(GraphProto& graph, Scope& scope) {
  auto add = [&](Result<Weight> weight, const std::string& name) -> Result<ValueId> {
    if (!weight.ok())
      return Error(weight.status().code, "weight '" + name + "': " + weight.status().message);
    if (name.empty() || scope.names.count(name) != 0)
      return Malformed("weight '" + name + "' is defined twice or has no name");
    weight->name = name;
    const ValueId v = scope.builder->AddWeight(std::move(*weight));
    scope.names.emplace(name, v);
    return v;
  };
  for (TensorProto& tensor : *graph.mutable_initializer()) {
    const std::string name = tensor.name();
    const ValueId v = PARE_TRY(add(WeightOf(tensor), name));
    DType ignored;
    scope.builder->facts[static_cast<size_t>(v)].four_bit =
        UnpackedType(tensor.data_type(), &ignored);
  }
  for (auto& sparse : *graph.mutable_sparse_initializer()) {
    const std::string name = sparse.values().name();
    PARE_TRY(add(WeightOf(sparse), name));
  }
  return Ok();
}

bool Importer::Find(Scope& scope, const std::string& name, ValueId* value) {
  const auto it = scope.names.find(name);
  if (it != scope.names.end()) {
    *value = it->second;
    return true;
  }
  ValueId outer;
  if (scope.parent == nullptr || !Find(*scope.parent, name, &outer)) return false;
  GraphBuilder& around = *scope.parent->builder;
  *value = kAbsent;
  if (outer == kAbsent) {
    // stays absent
  } else if (const Weight* w = around.graph.ConstantOf(outer)) {
    *value = scope.builder->AddWeight(*w);  // shares the bytes
  } else {
    for (size_t i = 0; i < scope.captured.size(); ++i) {
      if (scope.captured[i] == outer) *value = scope.capture_inputs[i];
    }
    if (*value == kAbsent) {
      *value = scope.builder->AddValue(name, around.facts[static_cast<size_t>(outer)]);
      scope.captured.push_back(outer);
      scope.capture_inputs.push_back(*value);
    }
  }
  scope.names.emplace(name, *value);
  return true;
}

Status Importer::ImportNodes(google::protobuf::RepeatedPtrField<NodeProto>& nodes, Scope& scope) {
  if (scope.depth > kMaxDepth)
    return Unsupported("functions or bodies lie more than " + std::to_string(kMaxDepth) +
                       " deep inside one another, or call themselves");
  const std::vector<int> order = PARE_TRY(SortNodes(nodes));
  for (int i : order) PARE_TRY(ImportNode(nodes[i], scope));
  return Ok();
}

Status Importer::ImportNode(NodeProto& proto, Scope& scope) {
  if (!scope.prefix.empty() && ++inlined_ > kMaxInlined)
    return Unsupported("the model's functions make more than " + std::to_string(kMaxInlined) +
                       " nodes when they are inlined");
  for (const std::string& input : proto.input()) {
    ValueId v;
    if (!input.empty() && !Find(scope, input, &v))
      return Malformed(Describe(proto) + " reads '" + input + "', which nothing makes");
  }
  for (const std::string& output : proto.output()) {
    if (!output.empty() && scope.names.count(output) != 0)
      return Malformed(Describe(proto) + " makes '" + output + "' a second time");
  }
  const auto function =
      functions_.find(FunctionKey(proto.domain(), proto.op_type(), proto.overload()));
  if (function != functions_.end()) return CallFunction(*function->second, proto, scope);

  OnnxNode node(*this, scope, proto);
  const OnnxOp* op = FindOnnxOp(Canonical(proto.domain()), proto.op_type());
  Status status = Ok();
  if (op == nullptr) {
    status = Unsupported("");
  } else if (node.opset() < op->since) {
    status = Unsupported("its form of opset " + std::to_string(node.opset()) +
                         " is too old: convert the model with onnx.version_converter");
  } else {
    bool complete = node.output_count() > 0;
    for (int i = 0; i < op->min_inputs; ++i) complete = complete && node.In(i) != kAbsent;
    if (!complete) return Malformed(Describe(proto) + " lacks an input or has no output");
    Result<bool> done = ImportReaderOfQuantized(node);
    status = !done.ok() ? done.status() : *done ? Ok() : op->import(node);
    if (status.ok()) status = node.attribute_error();
  }
  for (int i = 0; status.ok() && i < node.output_count(); ++i) {
    if (node.Wants(i) && scope.names.count(proto.output(i)) == 0)
      status = Unsupported("its output " + std::to_string(i) + " is not supported");
  }
  if (status.ok()) return status;
  if (status.code != Code::kUnsupported)
    return Error(status.code, Describe(proto) + ": " + status.message);
  Note(proto, status.message);
  (void)node.Outputs();  // so that what follows is looked at, too
  return Ok();
}

Status Importer::CallFunction(FunctionProto& function, NodeProto& call, Scope& scope) {
  if (call.input_size() > function.input_size() || call.output_size() > function.output_size())
    return Malformed(Describe(call) + " has more inputs or outputs than its function");
  AttributeMap attributes;
  for (AttributeProto& a : *function.mutable_attribute_proto()) attributes[a.name()] = &a;
  OnnxNode node(*this, scope, call);
  for (const AttributeProto& a : call.attribute()) {
    if (AttributeProto* found = node.Find(a.name().c_str())) attributes[a.name()] = found;
  }
  Scope inner;
  inner.builder = scope.builder;
  inner.opsets =
      function.opset_import_size() != 0 ? OpsetsOf(function.opset_import()) : scope.opsets;
  inner.function_attributes = &attributes;
  inner.prefix = ShortName(node.name()) + "/";
  inner.depth = scope.depth + 1;
  for (int i = 0; i < function.input_size(); ++i) inner.names[function.input(i)] = node.In(i);
  PARE_TRY(ImportNodes(*function.mutable_node(), inner));
  for (int i = 0; i < call.output_size(); ++i) {
    if (call.output(i).empty()) continue;
    ValueId v;
    if (!Find(inner, function.output(i), &v) || v == kAbsent)
      return Malformed("function '" + function.name() + "' does not make its output '" +
                       function.output(i) + "'");
    scope.names[call.output(i)] = v;
  }
  return Ok();
}

Result<ImportedBody> Importer::ImportBody(GraphProto& body, Scope& around,
                                          const std::vector<Facts>& inputs) {
  ImportedBody result;
  result.builder.graph.name = body.name();
  Scope scope;
  scope.builder = &result.builder;
  scope.parent = &around;
  scope.opsets = around.opsets;
  scope.function_attributes = around.function_attributes;
  scope.depth = around.depth + 1;
  Declare(body, &scope);
  PARE_TRY(ImportInitializers(body, scope));
  Graph& graph = result.builder.graph;
  for (int i = 0; i < body.input_size(); ++i) {
    Facts known = static_cast<size_t>(i) < inputs.size() ? inputs[static_cast<size_t>(i)] : Facts{};
    const auto& type = body.input(i).type();
    if (!known.has_dtype && type.has_tensor_type())
      known.has_dtype = ToDType(type.tensor_type().elem_type(), &known.dtype);
    const ValueId v = result.builder.AddValue(body.input(i).name(), known);
    if (!scope.names.emplace(body.input(i).name(), v).second)
      return Malformed("input '" + body.input(i).name() + "' of body '" + body.name() +
                       "' is defined twice");
    graph.inputs.push_back(v);
  }
  PARE_TRY(ImportNodes(*body.mutable_node(), scope));
  PARE_TRY(ImportOutputs(body, scope));
  graph.inputs.insert(graph.inputs.end(), scope.capture_inputs.begin(), scope.capture_inputs.end());
  result.captured = std::move(scope.captured);
  return result;
}

// Each output is a value of its own, made by a node, under the name that the file gives it.
Status Importer::ImportOutputs(GraphProto& proto, Scope& scope) {
  Graph& graph = scope.builder->graph;
  std::vector<char> taken(graph.values.size(), 0);
  for (const auto& output : proto.output()) {
    ValueId v;
    if (!Find(scope, output.name(), &v) || v == kAbsent)
      return missing_.empty() ? Malformed("nothing makes the output '" + output.name() + "'")
                              : Ok();
    taken.resize(graph.values.size(), 0);
    bool made = !graph.IsConstant(v) && taken[static_cast<size_t>(v)] == 0 &&
                graph.values[static_cast<size_t>(v)].name == output.name();
    for (const auto* inputs : {&graph.inputs, &scope.capture_inputs})
      made = made && std::find(inputs->begin(), inputs->end(), v) == inputs->end();
    if (!made) {
      const Facts known = scope.builder->facts[static_cast<size_t>(v)];
      const ValueId copy = scope.builder->AddValue(output.name(), known);
      graph.AddNode(output.name(), fb::IdentityT{}, {v}, {copy});
      v = copy;
      taken.resize(graph.values.size(), 0);
    }
    taken[static_cast<size_t>(v)] = 1;
    graph.outputs.push_back(v);
  }
  return Ok();
}

void Importer::Note(const NodeProto& node, const std::string& reason) {
  Missing& m = missing_[FullName(node) + "\n" + reason];
  if (m.count++ == 0) {
    m.op = FullName(node);
    m.reason = reason;
    m.first_node = node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name();
  }
}

Status Importer::MissingError() const {
  std::string text = missing_.size() == 1
                         ? "one operator is not supported:"
                         : std::to_string(missing_.size()) + " operators are not supported:";
  for (const auto& [key, m] : missing_) {
    text += "\n  " + m.op + " (" + std::to_string(m.count) + (m.count == 1 ? " node" : " nodes") +
            ", first '" + m.first_node + "')";
    if (!m.reason.empty()) text += ": " + m.reason;
  }
  return Unsupported(text +
                     "\nExport the model without them (a lower opset or onnx-simplifier often "
                     "helps), or compute that part outside of the model.");
}

}  // namespace pare::converter
