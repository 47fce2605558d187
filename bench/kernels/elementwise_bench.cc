// Rows, reductions, pooling, resizing and transposes at the sizes that real networks have.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "model_generated.h"
#include "runtime/kernels/cpu.h"
#include "runtime/kernels/elementwise/binary.h"
#include "runtime/kernels/elementwise/unary.h"
#include "runtime/kernels/norm/norm.h"
#include "runtime/kernels/pool/pool.h"
#include "runtime/kernels/reduce/reduce.h"
#include "runtime/kernels/resize/resize.h"
#include "runtime/kernels/softmax/softmax.h"
#include "runtime/kernels/transpose/transpose.h"

namespace pare {
namespace {

std::vector<float> Values(size_t n) {
  std::vector<float> v(n);
  for (size_t i = 0; i < n; ++i) v[i] = static_cast<float>(i % 1013) * 0.01f - 5.0f;
  return v;
}

// Bytes a second that are read and written.
void SetBytes(benchmark::State& state, size_t bytes) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(bytes));
}

void Unary(benchmark::State& state, fb::UnaryKind kind) {
  const auto n = static_cast<size_t>(state.range(0));
  const std::vector<float> x = Values(n);
  std::vector<float> y(n);
  const ActivationParams params = {static_cast<uint8_t>(kind), 0.2f, 0.5f};
  const UnaryFn function = SelectUnary(params.kind, HostCpu());
  for (auto _ : state) {
    function(&params, x.data(), y.data(), n);
    benchmark::ClobberMemory();
  }
  SetBytes(state, n * 8);
}
#define PARE_UNARY_BENCH(kind) \
  BENCHMARK_CAPTURE(Unary, kind, fb::UnaryKind::kind)->Arg(16)->Arg(16384)
PARE_UNARY_BENCH(Relu);
PARE_UNARY_BENCH(HardSwish);
PARE_UNARY_BENCH(Exp);
PARE_UNARY_BENCH(Log);
PARE_UNARY_BENCH(Sigmoid);
PARE_UNARY_BENCH(Tanh);
PARE_UNARY_BENCH(Gelu);
PARE_UNARY_BENCH(GeluTanh);
PARE_UNARY_BENCH(Silu);
PARE_UNARY_BENCH(Elu);
PARE_UNARY_BENCH(Sqrt);
PARE_UNARY_BENCH(Round);
#undef PARE_UNARY_BENCH

void Binary(benchmark::State& state, fb::BinaryKind kind) {
  const auto rows = static_cast<size_t>(state.range(0)), n = static_cast<size_t>(state.range(1));
  const std::vector<float> a = Values(rows * n), b = Values(rows * n);
  std::vector<float> y(rows * n);
  const BinaryFn function = SelectBinary(static_cast<uint8_t>(kind), BinaryType::kF32, HostCpu());
  BinaryArgs args = {a.data(), b.data(), y.data(), rows, n, 0, 0, 0, 1, 1};
  args.a_stride = args.y_stride = static_cast<ptrdiff_t>(n);
  args.b_stride = rows == 1 ? args.y_stride : 0;  // otherwise one row for all: channels
  for (auto _ : state) {
    function(args);
    benchmark::ClobberMemory();
  }
  SetBytes(state, rows * n * 8);
}
BENCHMARK_CAPTURE(Binary, Add, fb::BinaryKind::Add)->Args({1, 16384})->Args({256, 64});
BENCHMARK_CAPTURE(Binary, Mul, fb::BinaryKind::Mul)->Args({1, 16384})->Args({256, 64});

void Softmax(benchmark::State& state) {
  const auto rows = static_cast<size_t>(state.range(0)), n = static_cast<size_t>(state.range(1));
  const std::vector<float> x = Values(rows * n);
  std::vector<float> y(rows * n);
  const SoftmaxTable& kernels = SelectSoftmax(HostCpu());
  for (auto _ : state) {
    for (size_t r = 0; r < rows; ++r) kernels.row(&x[r * n], &y[r * n], n, false);
    benchmark::ClobberMemory();
  }
  SetBytes(state, rows * n * 8);
}
BENCHMARK(Softmax)->Args({128, 128})->Args({1, 1000})->Args({40, 6625});

void LayerNorm(benchmark::State& state) {
  const auto rows = static_cast<size_t>(state.range(0)), n = static_cast<size_t>(state.range(1));
  const std::vector<float> x = Values(rows * n), scale = Values(n), bias = Values(n);
  std::vector<float> y(rows * n);
  NormArgs args = {};
  args.x = x.data();
  args.y = y.data();
  args.scale = scale.data();
  args.bias = bias.data();
  args.rows = rows;
  args.n = n;
  args.epsilon = 1e-5f;
  for (auto _ : state) {
    SelectNorm(HostCpu()).layer(args);
    benchmark::ClobberMemory();
  }
  SetBytes(state, rows * n * 8);
}
BENCHMARK(LayerNorm)->Args({128, 384})->Args({128, 768});

// Global average pooling: [pixels, channels].
void SumColumns(benchmark::State& state) {
  const auto rows = static_cast<size_t>(state.range(0)), n = static_cast<size_t>(state.range(1));
  const std::vector<float> x = Values(rows * n);
  std::vector<float> y(n);
  const ReduceFns fns = SelectReduce(ReduceCore::kSum, ReduceType::kF32, HostCpu());
  for (auto _ : state) {
    fns.columns(x.data(), rows, n, n, nullptr, y.data());
    benchmark::ClobberMemory();
  }
  SetBytes(state, rows * n * 4);
}
BENCHMARK(SumColumns)->Args({49, 1280})->Args({3136, 64});

// The inner pixels of a square window over [size, size, channels].
void Pool(benchmark::State& state, bool max) {
  const auto size = static_cast<size_t>(state.range(0)),
             channels = static_cast<size_t>(state.range(1));
  const auto kernel = static_cast<size_t>(state.range(2)),
             stride = static_cast<size_t>(state.range(3));
  const size_t out = (size - kernel) / stride + 1;
  const std::vector<float> x = Values(size * size * channels);
  std::vector<float> y(out * out * channels);
  PoolArgs args = {};
  args.taps[0] = 1;
  args.taps[1] = args.taps[2] = kernel;
  args.tap_stride[1] = static_cast<ptrdiff_t>(size * channels);
  args.tap_stride[2] = static_cast<ptrdiff_t>(channels);
  args.pixel_stride = static_cast<ptrdiff_t>(stride * channels);
  args.pixels = out;
  args.channels = channels;
  args.scale = max ? 1.0f : 1.0f / static_cast<float>(kernel * kernel);
  const PoolTable& kernels = SelectPool(HostCpu());
  for (auto _ : state) {
    for (size_t i = 0; i < out; ++i) {
      args.x = x.data() + i * stride * size * channels;
      args.y = y.data() + i * out * channels;
      (max ? kernels.max : kernels.average)(args);
    }
    benchmark::ClobberMemory();
  }
  SetBytes(state, (x.size() + y.size()) * 4);
}
BENCHMARK_CAPTURE(Pool, max, true)->Args({114, 64, 3, 2})->Args({56, 96, 2, 2});
BENCHMARK_CAPTURE(Pool, average, false)->Args({56, 96, 3, 2});

// Rows and columns of a plane, in bytes an element.
void Transpose(benchmark::State& state) {
  const auto rows = static_cast<size_t>(state.range(0)), cols = static_cast<size_t>(state.range(1));
  const auto bytes = static_cast<size_t>(state.range(2));
  std::vector<char> x(rows * cols * bytes), y(x.size());
  const TransposeArgs args = {x.data(),
                              y.data(),
                              rows,
                              cols,
                              static_cast<ptrdiff_t>(cols * bytes),
                              static_cast<ptrdiff_t>(rows * bytes)};
  const TransposeFn function = SelectTranspose(bytes, HostCpu());
  for (auto _ : state) {
    function(args);
    benchmark::ClobberMemory();
  }
  SetBytes(state, x.size() * 2);
}
BENCHMARK(Transpose)
    ->Args({3, 224 * 224, 4})
    ->Args({224 * 224, 3, 4})
    ->Args({64, 3136, 4})
    ->Args({3136, 64, 4})
    ->Args({1024, 1024, 4})
    ->Args({512, 512, 1})
    ->Args({512, 512, 2})
    ->Args({512, 512, 8});

// The bar for a transpose and for everything that only moves memory.
void Copy(benchmark::State& state) {
  const auto bytes = static_cast<size_t>(state.range(0));
  std::vector<char> x(bytes), y(bytes);
  for (auto _ : state) {
    std::memcpy(y.data(), x.data(), bytes);
    benchmark::ClobberMemory();
  }
  SetBytes(state, bytes * 2);
}
BENCHMARK(Copy)->Arg(224 * 224 * 12)->Arg(64 * 3136 * 4)->Arg(1 << 22);

}  // namespace
}  // namespace pare
