// Small ONNX models for tests, written as a protobuf message.
#pragma once

#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include "converter/import/onnx/onnx.h"
#include "converter/import/onnx/reader.h"

namespace pare::converter {

using Names = std::vector<std::string>;

class OnnxBuilder {
 public:
  explicit OnnxBuilder(int64_t opset = 17) {
    proto.set_ir_version(8);
    auto* import = proto.add_opset_import();
    import->set_domain("");
    import->set_version(opset);
    proto.mutable_graph()->set_name("test");
  }

  static NodeProto* AddNode(GraphProto* graph, const std::string& op, const Names& inputs,
                            const Names& outputs) {
    NodeProto* node = graph->add_node();
    node->set_op_type(op);
    node->set_name(op + "_node");
    for (const std::string& name : inputs) node->add_input(name);
    for (const std::string& name : outputs) node->add_output(name);
    return node;
  }
  NodeProto* Node(const std::string& op, const Names& inputs, const Names& outputs) {
    return AddNode(graph(), op, inputs, outputs);
  }
  // Dimension -1: no number; names of dimensions by Dim.
  OnnxBuilder& Input(const std::string& name, const std::vector<int64_t>& dims,
                     int32_t type = TensorProto::FLOAT) {
    auto* tensor = AddInput(graph(), name, type);
    for (int64_t dim : dims) {
      auto* d = tensor->mutable_shape()->add_dim();
      if (dim >= 0) d->set_dim_value(dim);
    }
    tensor->mutable_shape();
    return *this;
  }
  OnnxBuilder& Dim(int input, int dim, const std::string& symbol) {
    graph()
        ->mutable_input(input)
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(dim)
        ->set_dim_param(symbol);
    return *this;
  }
  static TypeProto::Tensor* AddInput(GraphProto* graph, const std::string& name, int32_t type) {
    auto* value = graph->add_input();
    value->set_name(name);
    value->mutable_type()->mutable_tensor_type()->set_elem_type(type);
    return value->mutable_type()->mutable_tensor_type();
  }
  static void AddOutput(GraphProto* graph, const std::string& name) {
    graph->add_output()->set_name(name);
  }
  OnnxBuilder& Output(const std::string& name) {
    AddOutput(graph(), name);
    return *this;
  }
  template <class T>
  static TensorProto Tensor(const std::string& name, const std::vector<int64_t>& dims,
                            const std::vector<T>& values, int32_t type) {
    TensorProto tensor;
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (int64_t dim : dims) tensor.add_dims(dim);
    tensor.set_raw_data(values.data(), values.size() * sizeof(T));
    return tensor;
  }
  OnnxBuilder& Floats(const std::string& name, const std::vector<int64_t>& dims,
                      const std::vector<float>& values) {
    *graph()->add_initializer() = Tensor(name, dims, values, TensorProto::FLOAT);
    return *this;
  }
  OnnxBuilder& Integers(const std::string& name, const std::vector<int64_t>& dims,
                        const std::vector<int64_t>& values) {
    *graph()->add_initializer() = Tensor(name, dims, values, TensorProto::INT64);
    return *this;
  }

  GraphProto* graph() { return proto.mutable_graph(); }
  std::string Bytes() const { return proto.SerializeAsString(); }
  Result<Graph> Import(const ImportOptions& options = {}) const {
    const std::string bytes = Bytes();
    return ImportOnnxBytes({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()},
                           "test.onnx", options);
  }

  ModelProto proto;
};

inline void SetInt(NodeProto* node, const std::string& name, int64_t value) {
  AttributeProto* a = node->add_attribute();
  a->set_name(name);
  a->set_type(AttributeProto::INT);
  a->set_i(value);
}
inline void SetInts(NodeProto* node, const std::string& name, const std::vector<int64_t>& values) {
  AttributeProto* a = node->add_attribute();
  a->set_name(name);
  a->set_type(AttributeProto::INTS);
  for (int64_t v : values) a->add_ints(v);
}
inline void SetFloat(NodeProto* node, const std::string& name, float value) {
  AttributeProto* a = node->add_attribute();
  a->set_name(name);
  a->set_type(AttributeProto::FLOAT);
  a->set_f(value);
}
inline GraphProto* SetGraph(NodeProto* node, const std::string& name) {
  AttributeProto* a = node->add_attribute();
  a->set_name(name);
  a->set_type(AttributeProto::GRAPH);
  return a->mutable_g();
}

// The operators of the graph's nodes, in order: "Transpose Conv Transpose".
inline std::string OpsOf(const Graph& graph) {
  std::string text;
  for (const pare::converter::Node& node : graph.nodes)
    text += (text.empty() ? "" : " ") + std::string(fb::EnumNameOp(node.op.type));
  return text;
}

template <class T>
std::vector<T> ValuesOf(const Weight& weight) {
  std::vector<T> values(weight.bytes.size / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), weight.bytes.data, weight.bytes.size);
  return values;
}

}  // namespace pare::converter
