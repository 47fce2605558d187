// Layers of real models, one node each, planned and run as a session runs them, in f32, in int8
// and, where they are products, with weights of 4 bits: GFLOPS (GOPS), and what part of the core's
// peak for such products that is, measured in turn with the layer. PARE_CPU picks the instruction
// set.
//   bench_kernels --benchmark_filter=minilm.*int8
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "bench/kernels/dot_peak.h"
#include "bench/kernels/fma_peak.h"
#include "bench/kernels/shapes.h"
#include "bench/kernels/weights.h"
#include "converter/ir/engine.h"
#include "converter/ir/graph.h"
#include "runtime/plan/plan.h"

namespace pare::bench {
namespace {

using converter::Engine;
using converter::Graph;

constexpr std::chrono::milliseconds kBetweenPeaks{1};

// A graph of one node over random values, and the work that it is.
struct Layer {
  Encoding encoding;  // of the weights; values are quantized where that is int8
  Graph graph;
  double products = 0;
};

converter::ValueId AddValue(Layer& layer, const std::string& name) {
  const bool int8 = layer.encoding == Encoding::kInt8;
  const converter::ValueId id = layer.graph.AddValue(name, int8 ? DType::kU8 : DType::kF32);
  converter::Value& value = layer.graph.values[static_cast<size_t>(id)];
  value.scale = int8 ? 0.05f : 0;
  value.zero_point = int8 ? 128 : 0;
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

converter::ValueId AddWeight(Layer& layer, const Shape& shape, bool depthwise) {
  return layer.graph.AddWeight(MakeWeight(layer.encoding, shape, depthwise));
}

template <class OpT>
void Finish(Layer& layer, OpT op, std::vector<converter::ValueId> in) {
  const converter::ValueId y = AddValue(layer, "y");
  layer.graph.AddNode("layer", std::move(op), std::move(in), {y});
  layer.graph.outputs = {y};
}

// matmul M N K
Layer Matmul(std::istream& words, Encoding encoding) {
  int64_t m = 0, n = 0, k = 0;
  words >> m >> n >> k;
  Layer layer{encoding, {}, 0};
  layer.products = double(m) * double(n) * double(k);
  const auto x = AddInput(layer, ShapeOf({m, k}));
  const auto w = AddWeight(layer, ShapeOf({n, k}), false);
  fb::MatMulT op;
  op.trans_b = true;
  if (encoding != Encoding::kF32) op.arithmetic = fb::Arithmetic::DynamicInt8;
  Finish(layer, std::move(op), {x, w});
  return layer;
}

// conv height width channels filters kernel stride padding group
Layer Conv(std::istream& words, Encoding encoding) {
  int64_t h = 0, w = 0, c = 0, m = 0, kernel = 0, stride = 0, pad = 0, group = 0;
  words >> h >> w >> c >> m >> kernel >> stride >> pad >> group;
  const auto out = [&](int64_t size) { return (size + 2 * pad - kernel) / stride + 1; };
  Layer layer{encoding, {}, 0};
  layer.products = double(out(h) * out(w)) * double(m) * double(kernel * kernel * c / group);
  const auto x = AddInput(layer, ShapeOf({1, h, w, c}));
  const bool depthwise = group == c && group == m;
  const auto weight = AddWeight(layer, ShapeOf({m, kernel, kernel, c / group}), depthwise);
  fb::ConvT op;
  op.group = group;
  op.strides = {stride, stride};
  op.pads = {pad, pad, pad, pad};
  Finish(layer, std::move(op), {x, weight});
  return layer;
}

void Run(benchmark::State& state, const std::string& line, Encoding encoding) {
  std::istringstream words(line);
  std::string kind;
  words >> kind;
  const Layer layer = kind == "conv" ? Conv(words, encoding) : Matmul(words, encoding);
  auto engine = Engine::Create(layer.graph, {});
  if (!engine.ok()) return state.SkipWithError(engine.status().message.c_str());
  Engine& e = engine.value();
  const Tensor& x = e.session().input(0);
  for (int64_t i = 0; i < x.Elements(); ++i) {
    if (x.dtype == DType::kU8)
      x.Data<uint8_t>()[i] = static_cast<uint8_t>(i * 31);
    else
      x.Data<float>()[i] = static_cast<float>(i % 17) - 8;
  }
  std::vector<double> peaks;
  auto next = std::chrono::steady_clock::now();
  for (auto _ : state) {
    if (!e.Run().ok()) return state.SkipWithError("the layer failed");
    if (std::chrono::steady_clock::now() < next) continue;
    state.PauseTiming();
    peaks.push_back(encoding == Encoding::kF32 ? FmaPeakNow() : DotPeakNow());
    next = std::chrono::steady_clock::now() + kBetweenPeaks;
    state.ResumeTiming();
  }
  const double flops = 2 * layer.products * static_cast<double>(state.iterations());
  state.counters["GFLOPS"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsRate);
  std::nth_element(peaks.begin(), peaks.begin() + peaks.size() / 2, peaks.end());
  state.counters["of_peak"] =
      benchmark::Counter(flops * 1e-9 / peaks[peaks.size() / 2], benchmark::Counter::kIsRate);
  state.SetLabel(e.session().step(0).kernel);
}

void Register(const LayerShape& shape) {
  const bool matmul = shape.words.rfind("matmul", 0) == 0;
  for (const Encoding encoding :
       {Encoding::kF32, Encoding::kInt8, Encoding::kInt4, Encoding::kNf4}) {
    const bool four_bit = encoding == Encoding::kInt4 || encoding == Encoding::kNf4;
    if (four_bit && !matmul) continue;
    benchmark::RegisterBenchmark(
        (shape.Name() + "/" + NameOf(encoding)).c_str(),
        [shape, encoding](benchmark::State& s) { Run(s, shape.words, encoding); })
        ->Unit(benchmark::kMicrosecond)
        ->UseRealTime();
  }
}

}  // namespace
}  // namespace pare::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  for (const auto& shape : pare::bench::LayerShapes()) pare::bench::Register(shape);
  benchmark::AddCustomContext("level", pare::CpuLevelName(pare::HostCpu()));
  char peak[32];
  std::snprintf(peak, sizeof peak, "%.1f GFLOPS", pare::bench::FmaPeak());
  benchmark::AddCustomContext("fma peak", peak);
  std::snprintf(peak, sizeof peak, "%.1f GOPS", pare::bench::DotPeak());
  benchmark::AddCustomContext("int8 dot peak", peak);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
