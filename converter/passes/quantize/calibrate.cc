// Static int8, first half: the graph runs on the calibration data, and the range of each value that
// may become u8 is found. The graph stays as it is.
#include <algorithm>

#include "converter/calibrate/run_samples.h"
#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/quantize/quantization.h"
#include "converter/passes/quantize/quantized_ops.h"
#include "runtime/ops/op.h"

namespace pare::converter {
namespace {

// Values to watch: what nodes that may be quantized read and make.
std::vector<ValueId> WatchedValues(const Graph& graph) {
  std::vector<ValueId> values;
  const auto add = [&](ValueId v) {
    if (v != kAbsent && graph.values[v].dtype == DType::kF32 && !graph.IsConstant(v))
      values.push_back(v);
  };
  for (const Node& n : graph.nodes) {
    if (QuantRoleOf(graph, n) == QuantRole::kFloat) continue;
    for (size_t i : QuantInputs(n)) add(n.inputs[i]);
    for (ValueId v : n.outputs) add(v);
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

// "'conv1' (Conv)" of the node that makes v, or the input's name.
std::string MakerOf(const Graph& graph, ValueId v) {
  for (const Node& n : graph.nodes) {
    if (std::find(n.outputs.begin(), n.outputs.end(), v) != n.outputs.end())
      return "layer '" + n.name + "' (" + OpName(static_cast<uint8_t>(n.op.type)) + ")";
  }
  return "input '" + graph.values[v].name + "'";
}

// Sums over all but the last dimension.
class ChannelSums {
 public:
  void Add(const Tensor& t) {
    const auto channels = static_cast<size_t>(t.shape.rank == 0 ? 1 : t.shape[t.shape.rank - 1]);
    sums_.resize(channels, 0);
    const float* x = t.Data<float>();
    for (int64_t i = 0; i < t.Elements(); i += static_cast<int64_t>(channels)) {
      for (size_t c = 0; c < channels; ++c) sums_[c] += double{x[i + static_cast<int64_t>(c)]};
      ++count_;
    }
  }
  std::vector<double> Means() const {
    std::vector<double> means = sums_;
    for (double& m : means) m /= static_cast<double>(std::max<int64_t>(count_, 1));
    return means;
  }

 private:
  std::vector<double> sums_;
  int64_t count_ = 0;
};

}  // namespace

Status Calibrate(Graph& graph, const Options& options) {
  Quantization& q = *options.quantization;
  if (q.format == QuantFormat::kNone) return Ok();
  if (q.format == QuantFormat::kInt4 || q.format == QuantFormat::kNf4)
    return Error(Code::kUnsupported,
                 "int4 and nf4 are not yet there: f16, int8 and int8-dynamic are");
  q.reference = graph;
  if (options.calibration == nullptr) {
    if (q.format != QuantFormat::kInt8) return Ok();
    return Error(Code::kNotFound, "int8 needs calibration data: give --calibrate");
  }
  q.samples = PARE_TRY(options.calibration->Cut(graph));
  if (q.format != QuantFormat::kInt8) return Ok();
  const std::vector<ValueId> values = WatchedValues(graph);
  std::map<ValueId, Observation> seen;
  std::map<ValueId, ChannelSums> sums;
  for (const Node& n : graph.nodes) {
    if (QuantRoleOf(graph, n) == QuantRole::kLinear) sums[n.inputs[0]];
  }
  PARE_TRY(RunSamples(graph, q.samples, values, [&](ValueId v, const Tensor& t) -> Status {
    if (!seen[v].Add(t.Data<float>(), static_cast<size_t>(t.Elements())))
      return Error(Code::kCorrupt,
                   MakerOf(graph, v) + " makes NaN or an infinity on the calibration data");
    const auto sum = sums.find(v);
    if (sum != sums.end()) sum->second.Add(t);
    return Ok();
  }));
  for (const auto& [v, observation] : seen) {
    if (observation.count() > 0) q.params[v] = ParamsOf(observation.RangeBy(q.range));
  }
  for (const auto& [v, sum] : sums) q.means[v] = sum.Means();
  return Ok();
}

}  // namespace pare::converter
