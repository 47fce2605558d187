// Products of one row with weights that come from memory, as when a language model makes a token:
// a model of many equal layers, more bytes than caches hold, and in turn with it, so that both see
// the same machine, a loop that only reads these bytes.
//   GB/s     of weights
//   read     GB/s of the loop
//   of_read  the part of that which the layers reach: the median of the turns
// Their pages are small, as those of a mapped file. PARE_CPU picks the instruction set.
//   bench_gemv --benchmark_filter=768.*int4
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "bench/kernels/shapes.h"
#include "bench/kernels/weights.h"
#include "converter/ir/engine.h"
#include "runtime/core/thread_pool.h"
#include "runtime/plan/plan.h"

namespace pare::bench {
namespace {

using converter::Engine;
using converter::Graph;

constexpr size_t kBytes = size_t{3} << 28;  // of all layers
constexpr int kTurns = 9;

struct Layers {
  Graph graph;
  converter::Bytes weights;
};

// Layers that all read x, [1, k].
Layers MakeLayers(Encoding encoding, int64_t n, int64_t k) {
  const converter::Weight one = MakeWeight(encoding, ShapeOf({n, k}), false);
  const size_t size = one.bytes.size, stride = (size + 63) / 64 * 64, count = kBytes / stride;
  Layers layers;
  std::byte* data;
  layers.weights = converter::Bytes::Allocate(stride * count, &data);
  Graph& graph = layers.graph;
  const converter::ValueId x = graph.AddValue("x", DType::kF32);
  graph.values[static_cast<size_t>(x)].shape = ShapeOf({1, k});
  graph.values[static_cast<size_t>(x)].has_shape = true;
  graph.inputs = {x};
  for (size_t i = 0; i < count; ++i, data += stride) {
    std::memcpy(data, one.bytes.data, size);
    converter::Weight weight = one;
    weight.bytes = {layers.weights.keeper, data, size};
    fb::MatMulT op;
    op.trans_b = true;
    op.arithmetic = fb::Arithmetic::DynamicInt8;
    const converter::ValueId y = graph.AddValue("y" + std::to_string(i), DType::kF32);
    graph.AddNode("layer" + std::to_string(i), std::move(op), {x, graph.AddWeight(weight)}, {y});
    graph.outputs = {y};
  }
  return layers;
}

// A word of each line, of several pages in turn: what one core reads fastest.
uint64_t Read(const std::byte* p, size_t bytes) {
  constexpr size_t kStreams = 4, kLines = 4, kLine = 64;
  const size_t each = bytes / kStreams;
  uint64_t sums[kStreams] = {};
  for (size_t at = 0; at < each; at += kLines * kLine) {
#pragma GCC unroll 4
    for (size_t s = 0; s < kStreams; ++s) {
#pragma GCC unroll 4
      for (size_t i = 0; i < kLines; ++i) {
        uint64_t x;
        std::memcpy(&x, p + s * each + at + i * kLine, sizeof x);
        sums[s] ^= x;
      }
    }
  }
  return sums[0] ^ sums[1] ^ sums[2] ^ sums[3];
}

void ReadAll(const converter::Bytes& bytes, const ThreadPool& pool) {
  constexpr size_t kPart = 1 << 20;
  pool.ForEach(bytes.size / kPart, [&](size_t i, size_t) {
    benchmark::DoNotOptimize(Read(bytes.data + i * kPart, kPart));
  });
}

template <class F>
double Seconds(const F& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double Median(std::vector<double> x) {
  std::nth_element(x.begin(), x.begin() + static_cast<ptrdiff_t>(x.size() / 2), x.end());
  return x[x.size() / 2];
}

void Run(benchmark::State& state, Encoding encoding, int64_t n, int64_t k, size_t threads) {
  const Layers layers = MakeLayers(encoding, n, k);
  converter::EngineOptions options;
  options.threads = threads;
  auto engine = Engine::Create(layers.graph, options);
  if (!engine.ok()) return state.SkipWithError(engine.status().message.c_str());
  auto pool = ThreadPool::Create(threads);
  if (!pool.ok()) return state.SkipWithError("no threads");
  const Tensor& x = engine.value().session().input(0);
  for (int64_t i = 0; i < x.Elements(); ++i) x.Data<float>()[i] = static_cast<float>(i % 17) - 8;
  const auto bytes = static_cast<double>(layers.weights.size);
  std::vector<double> rates, reads, ratios;
  for (auto _ : state) {
    const double read = Seconds([&] { ReadAll(layers.weights, pool.value()); });
    bool ok = false;
    const double time = Seconds([&] { ok = engine.value().Run().ok(); });
    if (!ok) return state.SkipWithError("a layer failed");
    state.SetIterationTime(time);
    rates.push_back(bytes * 1e-9 / time);
    reads.push_back(bytes * 1e-9 / read);
    ratios.push_back(read / time);
  }
  state.counters["GB/s"] = Median(rates);
  state.counters["read"] = Median(reads);
  state.counters["of_read"] = Median(ratios);
  state.SetLabel(engine.value().session().step(0).kernel);
}

void Register(const LayerShape& shape) {
  std::istringstream words(shape.words);
  std::string kind;
  int64_t m = 0, n = 0, k = 0;
  words >> kind >> m >> n >> k;
  if (kind != "matmul" || m != 1) return;
  for (const Encoding encoding : {Encoding::kInt4, Encoding::kNf4, Encoding::kInt8}) {
    if (encoding != Encoding::kInt8 && k % 64 != 0) continue;
    for (const size_t threads : {1, 2}) {
      const std::string name =
          shape.Name() + "/" + NameOf(encoding) + "/threads:" + std::to_string(threads);
      benchmark::RegisterBenchmark(
          name.c_str(), [=](benchmark::State& state) { Run(state, encoding, n, k, threads); })
          ->Unit(benchmark::kMillisecond)
          ->Iterations(kTurns)
          ->UseManualTime();
    }
  }
}

}  // namespace
}  // namespace pare::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  for (const auto& shape : pare::bench::LayerShapes()) pare::bench::Register(shape);
  benchmark::AddCustomContext("level", pare::CpuLevelName(pare::HostCpu()));
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
