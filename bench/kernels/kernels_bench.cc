// Layers of real models, one node each, planned and run as a session runs them, in f32 and in int8:
// GFLOPS (GOPS), and what part of the core's peak for such products that is. PARE_CPU picks the
// instruction set.
//   bench_kernels --benchmark_filter=minilm.*int8
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "bench/kernels/dot_peak.h"
#include "bench/kernels/fma_peak.h"
#include "converter/ir/engine.h"
#include "converter/ir/graph.h"
#include "runtime/layout/layout.h"
#include "runtime/plan/plan.h"

namespace pare::bench {
namespace {

using converter::Engine;
using converter::Graph;

Shape ShapeOf(std::initializer_list<int64_t> dims) {
  Shape shape;
  for (int64_t d : dims) (void)shape.Push(d);
  return shape;
}

// A graph of one node over random values, and the work that it is.
struct Layer {
  bool int8;
  Graph graph;
  double products = 0;
};

// Quantized values, where the layer is of int8.
converter::ValueId AddValue(Layer& layer, const std::string& name) {
  const converter::ValueId id = layer.graph.AddValue(name, layer.int8 ? DType::kU8 : DType::kF32);
  converter::Value& value = layer.graph.values[static_cast<size_t>(id)];
  value.scale = layer.int8 ? 0.05f : 0;
  value.zero_point = layer.int8 ? 128 : 0;
  return id;
}

converter::ValueId AddInput(Layer& layer, const Shape& shape) {
  const converter::ValueId id = AddValue(layer, "x");
  converter::Value& value = layer.graph.values[static_cast<size_t>(id)];
  value.shape = shape;
  value.has_shape = true;
  layer.graph.inputs.push_back(id);
  return id;
}

converter::ValueId AddInt8(Graph& graph, const Shape& shape, Layout layout) {
  converter::Weight weight;
  weight.name = "w";
  weight.shape = shape;
  weight.layout = layout;
  std::vector<int8_t> q(static_cast<size_t>(shape.Elements()));
  for (size_t i = 0; i < q.size(); ++i) q[i] = static_cast<int8_t>(i * 7919 % 255 - 127);
  const std::vector<float> scales(static_cast<size_t>(shape[0]), 0.001f);
  uint64_t bytes = 0;
  (void)PackedBytes(layout, DType::kF32, shape, &bytes);
  std::byte* data;
  weight.bytes = converter::Bytes::Allocate(bytes, &data);
  PackInt8(layout, q.data(), scales.data(), shape, data);
  return graph.AddWeight(std::move(weight));
}

converter::ValueId AddPacked(Layer& layer, const Shape& shape, Layout layout) {
  Graph& graph = layer.graph;
  if (layer.int8) {
    const bool depthwise = layout == Layout::kDepthwise16;
    return AddInt8(graph, shape, depthwise ? Layout::kInt8Depthwise16 : Layout::kInt8T16);
  }
  converter::Weight weight;
  weight.name = "w";
  weight.shape = shape;
  weight.layout = layout;
  uint64_t bytes = 0;
  (void)PackedBytes(layout, DType::kF32, shape, &bytes);
  std::byte* data;
  weight.bytes = converter::Bytes::Allocate(bytes, &data);
  std::mt19937 engine(1);
  std::uniform_real_distribution<float> values(-1, 1);
  for (size_t i = 0; i < bytes / sizeof(float); ++i)
    reinterpret_cast<float*>(data)[i] = values(engine);
  return graph.AddWeight(std::move(weight));
}

template <class OpT>
void Finish(Layer& layer, OpT op, std::vector<converter::ValueId> in) {
  const converter::ValueId y = AddValue(layer, "y");
  layer.graph.AddNode("layer", std::move(op), std::move(in), {y});
  layer.graph.outputs = {y};
}

// matmul M N K
Layer Matmul(std::istream& words, bool int8) {
  int64_t m = 0, n = 0, k = 0;
  words >> m >> n >> k;
  Layer layer{int8, {}, 0};
  layer.products = double(m) * double(n) * double(k);
  const auto x = AddInput(layer, ShapeOf({m, k}));
  const auto w = AddPacked(layer, ShapeOf({n, k}), Layout::kT16);
  fb::MatMulT op;
  op.trans_b = true;
  Finish(layer, std::move(op), {x, w});
  return layer;
}

// conv height width channels filters kernel stride padding group
Layer Conv(std::istream& words, bool int8) {
  int64_t h = 0, w = 0, c = 0, m = 0, kernel = 0, stride = 0, pad = 0, group = 0;
  words >> h >> w >> c >> m >> kernel >> stride >> pad >> group;
  const auto out = [&](int64_t size) { return (size + 2 * pad - kernel) / stride + 1; };
  Layer layer{int8, {}, 0};
  layer.products = double(out(h) * out(w)) * double(m) * double(kernel * kernel * c / group);
  const auto x = AddInput(layer, ShapeOf({1, h, w, c}));
  const bool depthwise = group == c && group == m;
  const auto weight = AddPacked(layer, ShapeOf({m, kernel, kernel, c / group}),
                                depthwise ? Layout::kDepthwise16 : Layout::kT16);
  fb::ConvT op;
  op.group = group;
  op.strides = {stride, stride};
  op.pads = {pad, pad, pad, pad};
  Finish(layer, std::move(op), {x, weight});
  return layer;
}

void Run(benchmark::State& state, const std::string& line, bool int8) {
  std::istringstream words(line);
  std::string kind;
  words >> kind;
  const Layer layer = kind == "conv" ? Conv(words, int8) : Matmul(words, int8);
  auto engine = Engine::Create(layer.graph, {});
  if (!engine.ok()) return state.SkipWithError(engine.status().message.c_str());
  Engine& e = engine.value();
  const Tensor& x = e.session().input(0);
  for (int64_t i = 0; i < x.Elements(); ++i) {
    if (int8)
      x.Data<uint8_t>()[i] = static_cast<uint8_t>(i * 31);
    else
      x.Data<float>()[i] = static_cast<float>(i % 17) - 8;
  }
  for (auto _ : state) {
    if (!e.Run().ok()) return state.SkipWithError("the layer failed");
  }
  const double flops = 2 * layer.products * static_cast<double>(state.iterations());
  state.counters["GFLOPS"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsRate);
  state.counters["of_peak"] = benchmark::Counter(flops * 1e-9 / (int8 ? DotPeak() : FmaPeak()),
                                                 benchmark::Counter::kIsRate);
  state.SetLabel(e.session().step(0).kernel);
}

void Register(const std::filesystem::path& file) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::string name = file.stem().string() + "/" + line;
    for (char& c : name) c = c == ' ' ? '_' : c;
    for (const bool int8 : {false, true}) {
      benchmark::RegisterBenchmark((name + (int8 ? "/int8" : "/f32")).c_str(),
                                   [line, int8](benchmark::State& s) { Run(s, line, int8); })
          ->Unit(benchmark::kMicrosecond)
          ->UseRealTime();
    }
  }
}

}  // namespace
}  // namespace pare::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(PARE_SHAPES))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) pare::bench::Register(file);
  benchmark::AddCustomContext("level", pare::CpuLevelName(pare::HostCpu()));
  char peak[32];
  std::snprintf(peak, sizeof peak, "%.1f GFLOPS", pare::bench::FmaPeak());
  benchmark::AddCustomContext("fma peak", peak);
  std::snprintf(peak, sizeof peak, "%.1f GOPS", pare::bench::DotPeak());
  benchmark::AddCustomContext("int8 dot peak", peak);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
