// Walks an ONNX model and builds the Graph: names, order, functions, bodies. Operators are imported
// by the functions of ops.h.
#pragma once

#include "converter/import/import.h"
#include "converter/import/onnx/context.h"
#include "runtime/core/span.h"

namespace pare::converter {

// A body of control flow, imported. Its inputs are the formal ones, then one for each capture.
struct ImportedBody {
  GraphBuilder builder;
  std::vector<ValueId> captured;  // values of the graph around it
};

class Importer {
 public:
  Importer(std::unique_ptr<ModelProto> model, std::filesystem::path folder,
           const ImportOptions& options);

  Result<Graph> Run();

  // For the operators of control flow and constants.
  Result<ImportedBody> ImportBody(GraphProto& body, Scope& around,
                                  const std::vector<Facts>& inputs);
  // The tensor as a weight; its bytes are shared where it is asked for twice.
  Result<Weight> WeightOf(TensorProto& tensor);
  Result<Weight> WeightOf(pare::onnx::SparseTensorProto& sparse);
  std::string FreshName(const std::string& base) {
    return base + "/" + std::to_string(next_name_++);
  }
  void Warn(const std::string& message) const {
    if (options_.warn) options_.warn(message);
  }
  // The value of that name, made a capture where it belongs to the surroundings of a body. False:
  // nothing makes it. kAbsent: an input of a function that the call leaves out.
  bool Find(Scope& scope, const std::string& name, ValueId* value);
  ValueId Lookup(Scope& scope, const std::string& name) {
    ValueId v = kAbsent;
    return Find(scope, name, &v) ? v : kAbsent;
  }

 private:
  struct Missing {
    std::string op, reason, first_node;
    int count = 0;
  };

  Status ImportInitializers(GraphProto& graph, Scope& scope);
  Status ImportNodes(google::protobuf::RepeatedPtrField<NodeProto>& nodes, Scope& scope);
  Status ImportNode(NodeProto& node, Scope& scope);
  Status CallFunction(FunctionProto& function, NodeProto& call, Scope& scope);
  Status ImportOutputs(GraphProto& graph, Scope& scope);
  Status ImportFunctions();
  void Note(const NodeProto& node, const std::string& reason);
  Status MissingError() const;

  std::unique_ptr<ModelProto> model_;
  ExternalFiles files_;
  const ImportOptions& options_;
  std::map<std::string, FunctionProto*> functions_;
  std::unordered_map<const void*, Weight> weights_;
  std::map<std::string, Missing> missing_;
  int64_t next_name_ = 0;
  int64_t inlined_ = 0;
};

// Indices of the nodes in an order in which each comes after those that make its inputs, as near to
// the file's order as possible. An error names a node of a cycle.
Result<std::vector<int>> SortNodes(const google::protobuf::RepeatedPtrField<NodeProto>& nodes);

}  // namespace pare::converter
