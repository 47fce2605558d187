#include "tests/support/sample_model.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "converter/write/byte_sink.h"
#include "converter/write/write_model.h"
#include "tests/support/temporary_file.h"

namespace pare::test {
namespace {

using converter::Graph;
using converter::ValueId;

FileBytes Write(const Graph& graph) {
  EXPECT_EQ(converter::CheckGraph(graph), "");
  converter::MemorySink sink;
  const converter::Status status = converter::WriteModel(graph, sink);
  EXPECT_TRUE(status.ok()) << status.message;
  FileBytes file;
  file.size = sink.bytes().size();
  file.data = std::shared_ptr<std::byte>(
      static_cast<std::byte*>(std::aligned_alloc(64, (file.size + 63) / 64 * 64)), std::free);
  std::memcpy(file.data.get(), sink.bytes().data(), file.size);
  return file;
}

fb::DimT Fixed(int64_t size) {
  fb::DimT dim;
  dim.value = size;
  return dim;
}

fb::DimT Symbolic(int32_t symbol) {
  fb::DimT dim;
  dim.symbol = symbol;
  return dim;
}

void AddSymbol(Graph* graph, const char* name, int64_t min, int64_t max) {
  fb::SymbolT symbol;
  symbol.name = name;
  symbol.min = min;
  symbol.max = max;
  graph->symbols.push_back(symbol);
}

ValueId AddInput(Graph* graph, const char* name, DType dtype, std::vector<fb::DimT> dims) {
  const ValueId v = graph->AddValue(name, dtype);
  graph->values.back().dims = std::move(dims);
  graph->inputs.push_back(v);
  return v;
}

Shape MakeShape(std::initializer_list<int64_t> dims) {
  Shape shape;
  for (const int64_t d : dims) EXPECT_TRUE(shape.Push(d));
  return shape;
}

template <class F>
ValueId AddFloats(Graph* graph, const char* name, const Shape& shape, F value) {
  float* data;
  converter::Weight weight = converter::Weight::Make<float>(name, shape, &data);
  for (int64_t i = 0; i < shape.Elements(); ++i) data[i] = value(i);
  return graph->AddWeight(std::move(weight));
}

std::unique_ptr<fb::ActivationT> Relu() {
  auto activation = std::make_unique<fb::ActivationT>();
  activation->kind = fb::UnaryKind::Relu;
  return activation;
}

}  // namespace

FileBytes SampleModel() {
  Graph graph;
  AddSymbol(&graph, "batch", 1, 8);
  const ValueId x = AddInput(&graph, "x", DType::kF32, {Symbolic(0), Fixed(4)});
  const ValueId w = AddFloats(&graph, "w", MakeShape({4, 3}),
                              [](int64_t i) { return static_cast<float>(i / 3 - i % 3); });
  const ValueId bias =
      AddFloats(&graph, "bias", MakeShape({3}), [](int64_t i) { return static_cast<float>(i); });
  const ValueId scores = graph.AddValue("scores", DType::kF32);
  fb::MatMulT matmul;
  matmul.activation = Relu();
  graph.AddNode("dense", std::move(matmul), {x, w, bias}, {scores});

  const ValueId one = AddFloats(&graph, "one", MakeShape({1}), [](int64_t) { return 1.0f; });
  const ValueId before = graph.AddValue("before", DType::kF32);
  graph.values.back().dims = {Fixed(1)};
  const ValueId count = graph.AddValue("count", DType::kF32);
  graph.AddNode("counter", fb::BinaryT{}, {before, one}, {count});
  graph.states.push_back({"runs", before, count, -1});
  graph.outputs = {scores, count};

  graph.metadata = {{"labels", "cat\ndog\nhat"}, {"author", "a test"}};
  std::byte* words;
  converter::Graph::Asset asset{"words", "text", converter::Bytes::Allocate(5, &words)};
  std::memcpy(words, "hello", 5);
  graph.assets.push_back(std::move(asset));
  return Write(graph);
}

FileBytes ReshapeModel() {
  Graph graph;
  const ValueId x = AddInput(&graph, "x", DType::kF32, {Fixed(6)});
  const ValueId target = AddInput(&graph, "target", DType::kI64, {Fixed(2)});
  const ValueId y = graph.AddValue("y", DType::kF32);
  graph.AddNode("reshape", fb::ReshapeT{}, {x, target}, {y});
  graph.outputs = {y};
  return Write(graph);
}

FileBytes ConvModel() {
  Graph graph;
  AddSymbol(&graph, "size", 8, 32);
  const ValueId x =
      AddInput(&graph, "image", DType::kF32, {Fixed(1), Symbolic(0), Symbolic(0), Fixed(3)});
  const auto small = [](int64_t i) { return static_cast<float>(i % 17 - 8) / 32; };
  ValueId y = x;
  for (int layer = 0; layer < 3; ++layer) {
    const int64_t channels = layer == 0 ? 3 : 32;
    const ValueId w = AddFloats(&graph, "w", MakeShape({32, 3, 3, channels}), small);
    const ValueId out = graph.AddValue("conv" + std::to_string(layer), DType::kF32);
    fb::ConvT conv;
    conv.strides = conv.dilations = {1, 1};
    conv.pads = {1, 1, 1, 1};
    conv.activation = Relu();
    graph.AddNode("conv", std::move(conv), {y, w}, {out});
    y = out;
  }
  const ValueId sum = graph.AddValue("sum", DType::kF32);
  graph.AddNode("residual", fb::BinaryT{}, {graph.nodes[0].outputs[0], y}, {sum});
  const ValueId mean = graph.AddValue("mean", DType::kF32);
  fb::ReduceT reduce;
  reduce.kind = fb::ReduceKind::Mean;
  reduce.axes = {1, 2};
  graph.AddNode("pool", std::move(reduce), {sum}, {mean});
  const ValueId softmax = graph.AddValue("probability", DType::kF32);
  graph.AddNode("softmax", fb::SoftmaxT{}, {mean}, {softmax});
  graph.outputs = {softmax};
  return Write(graph);
}

std::string WriteTemporary(const std::string& name, const FileBytes& bytes) {
  const std::string path = TemporaryPath(name);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data.get()),
             static_cast<std::streamsize>(bytes.size));
  EXPECT_TRUE(file.good());
  return path;
}

}  // namespace pare::test
