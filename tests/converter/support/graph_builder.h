// Small graphs for tests of passes, and running them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "converter/ir/engine.h"
#include "converter/ir/graph.h"
#include "converter/passes/pass.h"
#include "runtime/ops/op.h"

namespace pare::converter {

inline Shape MakeShape(const std::vector<int64_t>& dims) {
  Shape shape;
  for (int64_t dim : dims) shape.Push(dim);
  return shape;
}

class GraphBuilder {
 public:
  Graph graph;

  // A dimension of -1 becomes a symbol of its own, "<name>.<axis>".
  ValueId Input(const std::string& name, const std::vector<int64_t>& dims,
                DType dtype = DType::kF32) {
    const ValueId v = graph.AddValue(name, dtype);
    for (size_t i = 0; i < dims.size(); ++i) {
      fb::DimT dim;
      dim.value = dims[i];
      if (dims[i] < 0) {
        dim.symbol = static_cast<int32_t>(graph.symbols.size());
        fb::SymbolT symbol;
        symbol.name = name + "." + std::to_string(i);
        graph.symbols.push_back(symbol);
      }
      graph.values[v].dims.push_back(dim);
    }
    graph.values[v].shape = MakeShape(dims);
    graph.inputs.push_back(v);
    return v;
  }
  template <class T>
  ValueId Const(const std::vector<int64_t>& dims, const std::vector<T>& values) {
    T* data;
    Weight weight =
        Weight::Make("c" + std::to_string(graph.weights.size()), MakeShape(dims), &data);
    std::copy(values.begin(), values.end(), data);
    return graph.AddWeight(std::move(weight));
  }
  ValueId Scalar(float x) { return Const<float>({}, {x}); }
  ValueId Random(const std::vector<int64_t>& dims) {
    std::vector<float> values(static_cast<size_t>(MakeShape(dims).Elements()));
    for (float& x : values) x = std::uniform_real_distribution<float>(-1, 1)(random_);
    return Const(dims, values);
  }
  // A node with one output.
  template <class OpT>
  ValueId Op(OpT op, const std::vector<ValueId>& inputs, DType dtype = DType::kF32) {
    const ValueId y = graph.AddValue("v" + std::to_string(graph.values.size()), dtype);
    graph.AddNode("n" + std::to_string(graph.nodes.size()), std::move(op), inputs, {y});
    return y;
  }
  ValueId Unary(fb::UnaryKind kind, ValueId x, float alpha = 0, float beta = 0) {
    fb::UnaryT op;
    op.activation = std::make_unique<fb::ActivationT>();
    op.activation->kind = kind;
    op.activation->alpha = alpha;
    op.activation->beta = beta;
    return Op(std::move(op), {x});
  }
  ValueId Binary(fb::BinaryKind kind, ValueId a, ValueId b) {
    fb::BinaryT op;
    op.kind = kind;
    return Op(std::move(op), {a, b});
  }
  ValueId Transpose(ValueId x, const std::vector<int64_t>& perm) {
    fb::TransposeT op;
    op.perm = perm;
    return Op(std::move(op), {x});
  }
  ValueId Reshape(ValueId x, const std::vector<int64_t>& shape) {
    fb::ReshapeT op;
    op.shape = shape;
    return Op(std::move(op), {x});
  }
  // The value becomes a graph output of that name.
  void Output(ValueId v, const std::string& name) {
    graph.values[v].name = name;
    graph.outputs.push_back(v);
  }

 private:
  std::mt19937 random_{7};
};

struct Array {
  Shape shape;
  DType dtype = DType::kF32;
  std::vector<std::byte> bytes;

  float FloatAt(size_t i) const {
    float x;
    std::memcpy(&x, bytes.data() + i * sizeof x, sizeof x);
    return x;
  }
};

// Runs the graph on seeded random inputs; `dims` sizes its symbols.
inline std::vector<Array> RunGraph(const Graph& graph,
                                   const std::map<std::string, int64_t>& dims = {}) {
  EngineOptions options;
  options.dims = dims;
  auto engine = Engine::Create(graph, options);
  EXPECT_TRUE(engine.ok()) << engine.status().message;
  if (!engine.ok()) return {};
  std::mt19937 random(3);
  Session& session = engine->session();
  for (uint32_t i = 0; i < session.input_count(); ++i) {
    const Tensor& t = session.input(i);
    for (int64_t k = 0; k < t.Elements(); ++k) {
      const float x = std::uniform_real_distribution<float>(-2, 2)(random);
      if (t.dtype == DType::kF32) t.Data<float>()[k] = x;
      if (t.dtype == DType::kF16) t.Data<uint16_t>()[k] = FloatToHalf(x);
      if (t.dtype == DType::kI64) t.Data<int64_t>()[k] = static_cast<int64_t>(x * 2);
      if (t.dtype == DType::kI32) t.Data<int32_t>()[k] = static_cast<int32_t>(x * 2);
      if (t.dtype == DType::kI8) t.Data<int8_t>()[k] = static_cast<int8_t>(x * 30);
    }
  }
  const Status status = engine->Run();
  EXPECT_TRUE(status.ok()) << status.message;
  std::vector<Array> outputs;
  for (uint32_t i = 0; i < session.output_count(); ++i) {
    const Tensor& t = session.output(i);
    Array array{t.shape, t.dtype, std::vector<std::byte>(t.Bytes())};
    if (t.Bytes() > 0) std::memcpy(array.bytes.data(), t.data, t.Bytes());
    outputs.push_back(std::move(array));
  }
  return outputs;
}

inline void ExpectSameResults(const std::vector<Array>& a, const std::vector<Array>& b,
                              float tolerance = 1e-5f) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(a[i].shape == b[i].shape) << "output " << i;
    ASSERT_EQ(a[i].dtype, b[i].dtype) << "output " << i;
    ASSERT_EQ(a[i].bytes.size(), b[i].bytes.size());
    if (a[i].dtype != DType::kF32) {
      EXPECT_EQ(a[i].bytes, b[i].bytes) << "output " << i;
      continue;
    }
    for (size_t k = 0; k < a[i].bytes.size() / sizeof(float); ++k) {
      const float x = a[i].FloatAt(k), y = b[i].FloatAt(k);
      ASSERT_LE(std::fabs(x - y), tolerance * (1 + std::fabs(x))) << "output " << i << " at " << k;
    }
  }
}

inline int CountOps(const Graph& graph, fb::Op type) {
  int count = 0;
  for (const Node& n : graph.nodes) count += n.op.type == type ? 1 : 0;
  return count;
}

// One line a node, for messages.
inline std::string Dump(const Graph& graph) {
  std::string text;
  for (const Node& n : graph.nodes) {
    text += OpName(static_cast<uint8_t>(n.op.type));
    for (ValueId v : n.inputs) text += " " + (v < 0 ? "-" : graph.values[v].name);
    text += " ->";
    for (ValueId v : n.outputs) {
      text += " " + (v < 0 ? "-" : graph.values[v].name) + " [";
      for (int i = 0; v >= 0 && i < graph.values[v].shape.rank; ++i)
        text += (i == 0 ? "" : ",") + std::to_string(graph.values[v].shape[i]);
      text += "]";
    }
    text += "\n";
  }
  return text;
}

// Runs the whole pipeline and checks that the graph computes the same afterwards.
inline void Optimise(Graph* graph, const Options& options = {}, float tolerance = 1e-5f,
                     const std::map<std::string, int64_t>& dims = {}) {
  const std::vector<Array> before = RunGraph(*graph, dims);
  const Status status = RunPipeline(*graph, options, nullptr);
  ASSERT_TRUE(status.ok()) << status.message;
  ExpectSameResults(before, RunGraph(*graph, dims), tolerance);
}

}  // namespace pare::converter
