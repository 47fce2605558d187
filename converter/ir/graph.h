// The converter's graph: flat vectors, nodes in topological order. Operators, attributes and their
// meaning are the schema's (fb::*T of flatc's object API): there is no second set of structs. Every
// graph here could be written and run as it is; passes only make it smaller or faster.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model_generated.h"
#include "runtime/core/tensor.h"

namespace pare::converter {

using ValueId = int32_t;
inline constexpr ValueId kAbsent = -1;

// Bytes of a weight: owned, or a view into something that `keeper` holds (a mapped file).
struct Bytes {
  std::shared_ptr<const void> keeper;
  const std::byte* data =
      nullptr;  // aligned as the source happens to be; weights given to the runtime need 64
  size_t size = 0;

  // `size` zeroed bytes, 64-byte aligned; *mutable_data may be written until the first copy of the
  // handle.
  static Bytes Allocate(size_t size, std::byte** mutable_data);
};

struct Weight {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;  // logical
  Layout layout = Layout::kPlain;
  Bytes bytes;  // in `layout`
  std::vector<fb::OriginT> origins;

  // A plain weight that owns its bytes; *data is where to write the elements.
  template <class T>
  static Weight Make(std::string name, const Shape& shape, T** data) {
    Weight w;
    w.name = std::move(name);
    w.dtype = kDTypeOf<T>;
    w.shape = shape;
    std::byte* p;
    w.bytes = Bytes::Allocate(static_cast<size_t>(shape.Elements()) * sizeof(T), &p);
    *data = reinterpret_cast<T*>(p);
    return w;
  }
  template <class T>
  const T* Data() const {
    return reinterpret_cast<const T*>(bytes.data);
  }
};

// A plain f32 matrix [k, n] as [n, k].
Weight Transposed(const Weight& matrix);
// A plain f32 vector, `times` times one after the other.
Weight Repeated(const Weight& vector, int64_t times, const std::string& name);

// Dimension -1: depends on a symbol or on data. `symbols` gives graph inputs their symbolic
// dimensions.
struct Value {
  std::string name;
  Shape shape;
  DType dtype = DType::kF32;
  int32_t weight = -1;         // index into Graph::weights, or -1
  bool has_shape = false;      // false until InferShapes
  std::vector<fb::DimT> dims;  // graph inputs only: as in the schema
  float scale = 0;             // > 0: quantized, see the schema
  int32_t zero_point = 0;
};

struct Node {
  std::string name;  // of the source model; may be empty
  fb::OpUnion op;
  std::vector<ValueId> inputs, outputs;  // kAbsent: optional one that is not there
};

// A body of control flow is one of `subgraphs`, which its node names by index; its inputs include
// all that it captures, so it refers to nothing outside.
struct Graph {
  std::string name;
  std::vector<Value> values;
  std::vector<Weight> weights;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs, outputs;
  std::vector<Graph> subgraphs;
  // The outermost graph only:
  std::vector<fb::SymbolT> symbols;
  struct State {
    std::string name;
    ValueId value, next;
    int32_t initial_weight = -1;
  };
  std::vector<State> states;
  std::vector<std::pair<std::string, std::string>> metadata;
  struct Asset {
    std::string name, kind;
    Bytes bytes;
  };
  std::vector<Asset> assets;

  ValueId AddValue(std::string name, DType dtype);
  // A constant value for the weight.
  ValueId AddWeight(Weight weight);
  template <class OpT>
  Node& AddNode(std::string name, OpT op, std::vector<ValueId> in, std::vector<ValueId> out) {
    Node node;
    node.name = std::move(name);
    node.op.Set(std::move(op));
    node.inputs = std::move(in);
    node.outputs = std::move(out);
    nodes.push_back(std::move(node));
    return nodes.back();
  }
  bool IsConstant(ValueId v) const { return v != kAbsent && values[v].weight >= 0; }
  // The weight of a constant value, or null.
  const Weight* ConstantOf(ValueId v) const {
    return IsConstant(v) ? &weights[static_cast<size_t>(values[v].weight)] : nullptr;
  }
};

// Structure only: indices in range, one producer a value, topological order, bodies without
// captures. Returns an empty string, or what is wrong with which node. Run after every pass.
std::string CheckGraph(const Graph& graph);

}  // namespace pare::converter
