#include "converter/ir/graph.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "runtime/core/arena.h"
#include "runtime/ops/op.h"

namespace pare::converter {

Bytes Bytes::Allocate(size_t size, std::byte** mutable_data) {
  // 16 bytes after the end stay readable for kernels that load whole registers.
  const size_t room = static_cast<size_t>(AlignUp(size + 16));
  void* p = std::aligned_alloc(kAlignment, room);
  if (p == nullptr) throw std::bad_alloc();
  std::memset(p, 0, room);
  *mutable_data = static_cast<std::byte*>(p);
  Bytes bytes;
  bytes.keeper =
      std::shared_ptr<const void>(p, [](const void* q) { std::free(const_cast<void*>(q)); });
  bytes.data = *mutable_data;
  bytes.size = size;
  return bytes;
}

Weight Repeated(const Weight& vector, int64_t times, const std::string& name) {
  const int64_t n = vector.shape.Elements();
  Shape shape;
  (void)shape.Push(n * times);
  float* to;
  Weight result = Weight::Make(name, shape, &to);
  for (int64_t i = 0; i < times; ++i, to += n) std::copy_n(vector.Data<float>(), n, to);
  return result;
}

Weight Transposed(const Weight& matrix) {
  Weight result = matrix;
  const int64_t k = matrix.shape[0], n = matrix.shape[1];
  result.shape[0] = n;
  result.shape[1] = k;
  std::byte* bytes;
  result.bytes = Bytes::Allocate(matrix.bytes.size, &bytes);
  auto* out = reinterpret_cast<float*>(bytes);
  const float* in = matrix.Data<float>();
  constexpr int64_t kBlock = 32;  // keeps both sides in cache
  for (int64_t i0 = 0; i0 < n; i0 += kBlock) {
    for (int64_t j0 = 0; j0 < k; j0 += kBlock) {
      for (int64_t i = i0; i < std::min(n, i0 + kBlock); ++i) {
        for (int64_t j = j0; j < std::min(k, j0 + kBlock); ++j) out[i * k + j] = in[j * n + i];
      }
    }
  }
  return result;
}

ValueId Graph::AddValue(std::string value_name, DType dtype) {
  Value value;
  value.name = std::move(value_name);
  value.dtype = dtype;
  values.push_back(std::move(value));
  return static_cast<ValueId>(values.size()) - 1;
}

ValueId Graph::AddWeight(Weight weight) {
  const ValueId id = AddValue(weight.name, weight.dtype);
  values[id].shape = weight.shape;
  values[id].has_shape = true;
  values[id].weight = static_cast<int32_t>(weights.size());
  weights.push_back(std::move(weight));
  return id;
}

namespace {

std::string NodeText(const Graph& graph, size_t i) {
  const Node& n = graph.nodes[i];
  return "node " + std::to_string(i) + " '" + n.name + "' (" +
         OpName(static_cast<uint8_t>(n.op.type)) + ")";
}

}  // namespace

std::string CheckGraph(const Graph& graph) {
  const auto count = static_cast<ValueId>(graph.values.size());
  std::vector<char> defined(graph.values.size(), 0);
  for (size_t v = 0; v < graph.values.size(); ++v) {
    const int32_t w = graph.values[v].weight;
    if (w >= static_cast<int32_t>(graph.weights.size()))
      return "value '" + graph.values[v].name + "' names no weight";
    if (w >= 0) defined[v] = 1;
  }
  auto in_range = [&](ValueId v) { return v >= 0 && v < count; };
  for (ValueId v : graph.inputs) {
    if (!in_range(v) || defined[v]) return "a graph input is out of range or defined twice";
    defined[v] = 1;
  }
  for (const Graph::State& s : graph.states) {
    if (!in_range(s.value) || defined[s.value]) return "state '" + s.name + "' is defined twice";
    defined[s.value] = 1;
  }
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (ValueId v : graph.nodes[i].inputs) {
      if (v == kAbsent) continue;
      if (!in_range(v)) return NodeText(graph, i) + " has an input out of range";
      if (!defined[v])
        return NodeText(graph, i) + " reads '" + graph.values[v].name + "' before it is made";
    }
    for (ValueId v : graph.nodes[i].outputs) {
      if (v == kAbsent) continue;
      if (!in_range(v)) return NodeText(graph, i) + " has an output out of range";
      if (defined[v])
        return NodeText(graph, i) + " makes '" + graph.values[v].name + "' a second time";
      defined[v] = 1;
    }
  }
  for (ValueId v : graph.outputs) {
    if (!in_range(v) || !defined[v]) return "a graph output is never made";
  }
  for (const Graph::State& s : graph.states) {
    if (!in_range(s.next) || !defined[s.next])
      return "the next value of state '" + s.name + "' is never made";
  }
  for (const Graph& g : graph.subgraphs) {
    std::string error = CheckGraph(g);
    if (!error.empty()) return "in body '" + g.name + "': " + error;
  }
  return "";
}

}  // namespace pare::converter
