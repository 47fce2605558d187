// Adds Pare's operators to a graph, one call each: what encoder.cc and pooling.cc are written in.
#pragma once

#include <string>
#include <vector>

#include "converter/import/safetensors/tensors.h"
#include "converter/ir/graph.h"
#include "converter/ir/status.h"

namespace pare::converter {

class GraphBuilder {
 public:
  // Tensors are found under `prefix` + name, or name alone.
  GraphBuilder(Graph* graph, const TensorMap* tensors, std::string prefix)
      : graph_(*graph), tensors_(*tensors), prefix_(std::move(prefix)) {}

  const Weight* Find(const std::string& tensor) const;
  // The tensor as an f32 constant: a view where it is f32 and aligned, else converted. kCorrupt
  // where it is missing or has another shape (-1: any size).
  Result<ValueId> Constant(const std::string& tensor, const std::vector<int64_t>& dims);
  ValueId Scalar(const std::string& name, float value);
  ValueId Integers(const std::string& name, const Shape& shape, const std::vector<int64_t>& values);

  // x W^T + bias through `name`.weight [outputs, inputs] and `name`.bias (where it exists), then
  // plus `addend`, then the activation.
  Result<ValueId> Linear(const std::string& name, ValueId x, int64_t inputs, int64_t outputs,
                         ValueId addend = kAbsent, fb::UnaryKind activation = fb::UnaryKind::None);
  Result<ValueId> LayerNorm(const std::string& name, ValueId x, int64_t size, float epsilon);

  template <class OpT>
  ValueId Add(const std::string& name, OpT op, std::vector<ValueId> inputs,
              DType dtype = DType::kF32) {
    const ValueId out = graph_.AddValue(name, dtype);
    graph_.AddNode(name, std::move(op), std::move(inputs), {out});
    return out;
  }
  ValueId Binary(const std::string& name, fb::BinaryKind kind, ValueId a, ValueId b,
                 DType dtype = DType::kF32);
  ValueId Cast(const std::string& name, ValueId x, DType to);
  ValueId Gather(const std::string& name, ValueId data, ValueId indices, int64_t axis);
  ValueId Unsqueeze(const std::string& name, ValueId x, std::vector<int64_t> axes);
  ValueId Reduce(const std::string& name, fb::ReduceKind kind, ValueId x, int64_t axis,
                 bool keep_dims);

  Graph& graph() { return graph_; }

 private:
  Graph& graph_;
  const TensorMap& tensors_;
  std::string prefix_;
};

}  // namespace pare::converter
