// Bias correction (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
// Correction", 2019): rounding moves the mean of what a layer makes, and a term in its bias moves
// it back. The means come from the calibration data, of the inputs as they are and as u8.
#include <algorithm>
#include <cmath>

#include "converter/calibrate/run_samples.h"
#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/quantize/int8_weight.h"
#include "converter/passes/quantize/quantization.h"
#include "converter/passes/quantize/quantized_ops.h"

namespace pare::converter {
namespace {

constexpr size_t kWeight = 1, kBias = 2;
constexpr size_t kMostSamples = 32;
constexpr float kMost = 255;

// Means of a value's channels, which are its last axis.
struct Means {
  std::vector<double> exact, rounded;
  int64_t rows = 0;

  void Add(const Tensor& x, const QuantParams* params) {
    const int64_t channels = x.shape.rank == 0 ? 1 : x.shape[x.shape.rank - 1];
    exact.resize(static_cast<size_t>(channels));
    rounded.resize(static_cast<size_t>(channels));
    const float* p = x.Data<float>();
    const int64_t n = channels == 0 ? 0 : x.Elements() / channels;
    rows += n;
    for (int64_t r = 0; r < n; ++r) {
      for (size_t c = 0; c < exact.size(); ++c, ++p) {
        exact[c] += *p;
        rounded[c] += params == nullptr ? *p : Rounded(*p, *params);
      }
    }
  }
  static float Rounded(float x, const QuantParams& params) {
    const auto zero = static_cast<float>(params.zero_point);
    return params.scale * (std::clamp(std::nearbyint(x / params.scale) + zero, 0.f, kMost) - zero);
  }
};

// The weight as the rows that are quantized, alpha included.
std::vector<float> RowsOf(const Weight& weight, const Node& n, int64_t* count) {
  const fb::MatMulT* matmul = n.op.AsMatMul();
  const Weight rows = matmul != nullptr && !matmul->trans_b ? Transposed(weight) : weight;
  *count = rows.shape[0];
  std::vector<float> values(rows.Data<float>(), rows.Data<float>() + rows.shape.Elements());
  if (matmul != nullptr) {
    for (float& x : values) x *= matmul->alpha;
  }
  return values;
}

// By how much the mean of each output channel falls short of what it should be.
std::vector<double> Shortfall(const std::vector<float>& rows, const Int8Rows& int8, int64_t count,
                              int64_t groups, const Means& means) {
  const auto n = static_cast<size_t>(count), k = rows.size() / n;
  const size_t in_group = means.exact.size() / static_cast<size_t>(groups);
  std::vector<double> sum(n);
  for (size_t r = 0; r < n; ++r) {
    const size_t first = r / (n / static_cast<size_t>(groups)) * in_group;
    for (size_t i = 0; i < k; ++i) {
      const size_t channel = first + i % in_group;
      const double decoded = double{int8.scales[r]} * int8.q[r * k + i];
      sum[r] += rows[r * k + i] * means.exact[channel] - decoded * means.rounded[channel];
    }
    sum[r] /= static_cast<double>(means.rows);
  }
  return sum;
}

class BiasCorrector {
 public:
  BiasCorrector(Rewriter& rewriter, const Quantization& q)
      : rewriter_(rewriter), graph_(rewriter.graph()), q_(q) {}

  void Correct(Node* n, const Means& means) {
    const Weight& weight = *graph_.ConstantOf(n->inputs[kWeight]);
    int64_t count;
    const std::vector<float> rows = RowsOf(weight, *n, &count);
    const fb::ConvT* conv = n->op.AsConv();
    const int64_t k = static_cast<int64_t>(rows.size()) / count;
    const Int8Rows int8 = QuantizeRows(rows.data(), count, k, q_.per_tensor, q_.scales);
    const auto sum = Shortfall(rows, int8, count, conv == nullptr ? 1 : conv->group, means);
    const Weight* old = graph_.ConstantOf(InputOf(n, kBias));
    float* bias;
    Weight corrected = Weight::Make(n->name + "/bias", ShapeOf(count), &bias);
    for (size_t i = 0; i < sum.size(); ++i) {
      const float was = old == nullptr ? 0 : old->Data<float>()[old->shape.Elements() > 1 ? i : 0];
      bias[i] = static_cast<float>(was + sum[i]);
    }
    rewriter_.SetInput(n, kBias, rewriter_.NewWeight(std::move(corrected)));
  }

 private:
  static Shape ShapeOf(int64_t count) {
    Shape shape;
    (void)shape.Push(count);
    return shape;
  }

  Rewriter& rewriter_;
  Graph& graph_;
  const Quantization& q_;
};

// Layers whose weight becomes int8 and whose bias, if any, is a constant vector.
bool CanCorrect(const Graph& graph, const Node& n, const Quantization& q) {
  if (n.op.type != fb::Op::Conv && n.op.type != fb::Op::MatMul) return false;
  if (WhyNoInt8(graph, n) != nullptr) return false;
  const QuantFormat format = q.FormatOf(graph, n);
  const bool fits = format == QuantFormat::kInt8
                        ? q.params.count(n.inputs[0]) != 0
                        : format == QuantFormat::kInt8Dynamic && n.op.type == fb::Op::MatMul;
  const ValueId bias = InputOf(&n, kBias);
  const Weight* constant = graph.ConstantOf(bias);
  if (!fits || (bias != kAbsent && constant == nullptr)) return false;
  const fb::MatMulT* matmul = n.op.AsMatMul();
  const Shape& shape = graph.ConstantOf(n.inputs[kWeight])->shape;
  const int64_t rows = shape[matmul != nullptr && !matmul->trans_b ? 1 : 0];
  return constant == nullptr ||
         (constant->dtype == DType::kF32 &&
          (constant->shape.Elements() == rows || constant->shape.Elements() == 1));
}

}  // namespace

Status CorrectBias(Graph& graph, const Options& options) {
  const Quantization& q = *options.quantization;
  if (q.format == QuantFormat::kNone || q.samples.empty()) return Ok();
  std::map<ValueId, Means> means;
  for (const Node& n : graph.nodes) {
    if (CanCorrect(graph, n, q)) means[n.inputs[0]];
  }
  if (means.empty()) return Ok();
  std::vector<ValueId> values;
  for (const auto& [v, unused] : means) values.push_back(v);
  std::vector<Sample> samples(
      q.samples.begin(),
      q.samples.begin() + static_cast<std::ptrdiff_t>(std::min(q.samples.size(), kMostSamples)));
  PARE_TRY(RunSamples(graph, samples, values, [&](ValueId v, const Tensor& t) {
    const auto params = q.params.find(v);
    means[v].Add(t, params == q.params.end() ? nullptr : &params->second);
    return Ok();
  }));
  Rewriter rewriter(graph);
  BiasCorrector corrector(rewriter, q);
  for (Node* n : rewriter.Nodes()) {
    if (CanCorrect(graph, *n, q) && means[n->inputs[0]].rows > 0)
      corrector.Correct(n, means[n->inputs[0]]);
  }
  return Ok();
}

}  // namespace pare::converter
