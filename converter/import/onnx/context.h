// What the function that imports one operator sees: the node's inputs, outputs and attributes by
// ONNX's names, and the graph to build.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "converter/import/onnx/facts.h"
#include "converter/import/onnx/reader.h"
#include "converter/import/onnx/tensor.h"

namespace pare::converter {

class OnnxNode;

// How one ONNX operator is imported.
struct OnnxOp {
  const char* name;
  Status (*import)(OnnxNode&);
  int min_inputs = 1;       // these are present when `import` is called
  int since = 1;            // first opset whose form `import` understands
  const char* domain = "";  // "" is ai.onnx
};

// What an integer tensor of a quantized model stands for, see quantized.h.
struct QuantizedValue {
  ValueId real;         // its numbers as floats
  ValueId scale, zero;  // as the file has them
};
// What DynamicQuantizeLinear made integers of.
struct DynamicValue {
  ValueId real, scale;
};
// A sum of products of integers: scale * that is `real`, where the file says so later.
struct IntegerProduct {
  ValueId real, scale;
};

// A Pare graph under construction.
struct GraphBuilder {
  Graph graph;
  std::vector<Facts> facts;  // parallel to graph.values
  std::unordered_map<ValueId, QuantizedValue> quantized;
  std::unordered_map<ValueId, DynamicValue> dynamic;
  std::unordered_map<ValueId, IntegerProduct> products;

  ValueId AddValue(std::string name, const Facts& known);
  ValueId AddWeight(Weight weight);
};

// Names inside functions begin with those of the calls around them: as much of them as a person
// reads.
inline std::string ShortName(const std::string& name) { return name.substr(0, 128); }

using AttributeMap = std::unordered_map<std::string, AttributeProto*>;

// Where names of an ONNX graph or function body are looked up.
struct Scope {
  GraphBuilder* builder;
  Scope* parent = nullptr;  // a body of control flow sees its surroundings' names; a function not
  std::unordered_map<std::string, ValueId> names;
  std::unordered_map<std::string, const ValueInfoProto*> declared;  // types that the file states
  std::map<std::string, int64_t> opsets;                            // by domain
  const AttributeMap* function_attributes = nullptr;                // of the call, in a function
  std::string prefix;                                               // of values' names, there
  int depth = 0;                                                    // of functions and bodies

  // A body's captures: values of parent->builder, and the inputs of this builder that carry them.
  std::vector<ValueId> captured, capture_inputs;
};

class Importer;

class OnnxNode {
 public:
  OnnxNode(Importer& importer, Scope& scope, NodeProto& proto);

  const std::string& op() const { return proto_.op_type(); }
  const std::string& name() const { return name_; }
  int64_t opset() const { return opset_; }
  Graph& graph() { return scope_.builder->graph; }
  Importer& importer() { return importer_; }
  Scope& scope() { return scope_; }
  NodeProto& proto() { return proto_; }

  // ---- Inputs and outputs. kAbsent: not given, or not wanted.
  int input_count() const { return static_cast<int>(inputs_.size()); }
  ValueId In(int i) const { return i < input_count() ? inputs_[static_cast<size_t>(i)] : kAbsent; }
  const std::vector<ValueId>& Inputs() const { return inputs_; }
  int output_count() const { return proto_.output_size(); }
  bool Wants(int i) const { return i < output_count() && !proto_.output(i).empty(); }
  ValueId Out(int i);
  std::vector<ValueId> Outputs();
  // Output i is nothing but a value that exists: no node.
  void Alias(int i, ValueId value);

  // ---- Attributes. One of another type than asked for is an error that the importer reports
  // after the operator's function has returned.
  AttributeProto* Find(const char* name);
  bool Has(const char* name) { return Find(name) != nullptr; }
  int64_t Int(const char* name, int64_t otherwise);
  float Float(const char* name, float otherwise);
  std::string String(const char* name, const char* otherwise);
  std::vector<int64_t> Ints(const char* name);
  std::vector<float> Floats(const char* name);
  std::vector<std::string> Strings(const char* name);
  GraphProto* Body(const char* name);
  const Status& attribute_error() const { return attribute_error_; }

  // ---- What is known of values
  Facts Of(ValueId v) const {
    return v == kAbsent ? Facts{} : scope_.builder->facts[static_cast<size_t>(v)];
  }
  // The rank of input i, or an error that says how to make it known.
  Result<int> Rank(int i);
  bool Integers(ValueId v, std::vector<int64_t>* values) {
    return v != kAbsent && ConstantIntegers(graph(), v, values);
  }
  bool FloatsOf(ValueId v, std::vector<float>* values) {
    return v != kAbsent && ConstantFloats(graph(), v, values);
  }
  // A parameter that was an attribute in older opsets and is an input in newer ones: the attribute,
  // or the constant input, goes into *values; a runtime input is left to *input.
  void IntsFromAttributeOrInput(const char* attribute, int i, std::vector<int64_t>* values,
                                ValueId* input);

  // ---- Building
  // A node whose only output is new.
  template <class OpT>
  ValueId Make(OpT op, std::vector<ValueId> inputs) {
    const ValueId v = Temporary();
    fb::OpUnion u;
    u.Set(std::move(op));
    Append(std::move(u), std::move(inputs), {v});
    return v;
  }
  // A node that makes output 0 of this one, or the given values.
  template <class OpT>
  Status Emit(OpT op, std::vector<ValueId> inputs) {
    return Emit(std::move(op), std::move(inputs), {Out(0)});
  }
  template <class OpT>
  Status Emit(OpT op, std::vector<ValueId> inputs, std::vector<ValueId> outputs) {
    fb::OpUnion u;
    u.Set(std::move(op));
    Append(std::move(u), std::move(inputs), std::move(outputs));
    return Ok();
  }
  ValueId Temporary();
  template <class T>
  ValueId Constant(const Shape& shape, const std::vector<T>& values) {
    T* data;
    Weight w = Weight::Make<T>(TemporaryName(), shape, &data);
    for (size_t i = 0; i < values.size(); ++i) data[i] = values[i];
    return scope_.builder->AddWeight(std::move(w));
  }
  template <class T>
  ValueId Scalar(T value) {
    return Constant<T>(Shape{}, {value});
  }
  ValueId IntVector(const std::vector<int64_t>& values) {
    Shape shape;
    shape.Push(static_cast<int64_t>(values.size()));
    return Constant<int64_t>(shape, values);
  }
  // A constant scalar of the type of `like`, f32 where that is not known.
  ValueId ScalarLike(ValueId like, double value);

  ValueId Unary(fb::UnaryKind kind, ValueId x, float alpha = 0, float beta = 0);
  ValueId Binary(fb::BinaryKind kind, ValueId a, ValueId b);
  // a * b, at once where both are small constants of f32, one of them a scalar.
  ValueId Product(ValueId a, ValueId b);
  ValueId Transpose(ValueId x, const std::vector<int64_t>& perm);
  ValueId Unsqueeze(ValueId x, std::vector<int64_t> axes);
  // [N, C, spatial...] -> [N, spatial..., C] and back. Constants are transposed at once.
  ValueId ToChannelsLast(ValueId x, int rank);
  ValueId ToChannelsFirst(ValueId x, int rank);
  // Makes output i the channels-first form of `x`.
  void EmitChannelsFirst(int i, ValueId x, int rank);

 private:
  std::string TemporaryName();
  void Append(fb::OpUnion op, std::vector<ValueId> inputs, std::vector<ValueId> outputs);
  AttributeProto* FindTyped(const char* name, AttributeProto::AttributeType type);

  Importer& importer_;
  Scope& scope_;
  NodeProto& proto_;
  std::string name_;
  int64_t opset_;
  std::vector<ValueId> inputs_;
  Status attribute_error_;
};

// Attributes of an activation, and the unary operator that is one.
fb::UnaryT MakeUnary(fb::UnaryKind kind, float alpha = 0, float beta = 0);
fb::BinaryT MakeBinary(fb::BinaryKind kind);
}  // namespace pare::converter
