// Static int8, first half: the graph runs on the calibration data, and the range of each value that
// may become u8 is found. The graph stays as it is.
#include <algorithm>
#include <limits>
#include <set>

#include "converter/calibrate/run_samples.h"
#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/quantize/quantization.h"
#include "converter/passes/quantize/quantized_ops.h"
#include "converter/passes/quantize/trials.h"
#include "runtime/ops/op.h"

namespace pare::converter {
namespace {

using fb::UnaryKind;

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

// What convolutions read outside their inputs: it has codes as well.
std::map<ValueId, Range> PaddingRanges(const Graph& graph) {
  std::map<ValueId, Range> ranges;
  for (const Node& n : graph.nodes) {
    constexpr size_t kPadding = 4;
    const Weight* padding = graph.ConstantOf(InputOf(&n, kPadding));
    if (n.op.type != fb::Op::Conv || padding == nullptr || padding->dtype != DType::kF32) continue;
    Range& range = ranges[n.inputs[0]];
    const float* values = padding->Data<float>();
    for (int64_t i = 0; i < padding->shape.Elements(); ++i) {
      range.low = std::min(range.low, double{values[i]});
      range.high = std::max(range.high, double{values[i]});
    }
  }
  return ranges;
}

// Where a function still changes by more than a code of its result: beyond, its argument needs no
// codes.
Range ActiveRange(const fb::ActivationT& a) {
  constexpr double kAll = std::numeric_limits<double>::infinity();
  switch (a.kind) {
    case UnaryKind::Sigmoid: return {-7, 7};
    case UnaryKind::Tanh: return {-4, 4};
    case UnaryKind::HardSwish: return {-3, kAll};
    case UnaryKind::Gelu:
    case UnaryKind::GeluTanh: return {-4, kAll};
    case UnaryKind::Silu:
    case UnaryKind::Mish:
    case UnaryKind::Softplus: return {-8, kAll};
    case UnaryKind::HardSigmoid:
      if (!(a.alpha > 0)) return {-kAll, kAll};
      return {-double{a.beta} / double{a.alpha}, (1 - double{a.beta}) / double{a.alpha}};
    default: return {-kAll, kAll};
  }
}

// Of values that only such functions read.
std::map<ValueId, Range> ActiveRanges(const Graph& graph) {
  std::map<ValueId, Range> ranges;
  std::set<ValueId> others(graph.outputs.begin(), graph.outputs.end());
  for (const Node& n : graph.nodes) {
    const fb::UnaryT* unary = n.op.AsUnary();
    if (unary == nullptr || unary->activation == nullptr) {
      others.insert(n.inputs.begin(), n.inputs.end());
      continue;
    }
    const Range active = ActiveRange(*unary->activation);
    const auto [range, inserted] = ranges.emplace(n.inputs[0], active);
    range->second = {std::min(range->second.low, active.low),
                     std::max(range->second.high, active.high)};
  }
  for (ValueId v : others) ranges.erase(v);
  return ranges;
}

// "'conv1' (Conv)" of the node that makes v, or the input's name.
std::string MakerOf(const Graph& graph, ValueId v) {
  for (const Node& n : graph.nodes) {
    if (std::find(n.outputs.begin(), n.outputs.end(), v) != n.outputs.end())
      return "layer '" + n.name + "' (" + OpName(static_cast<uint8_t>(n.op.type)) + ")";
  }
  return "input '" + graph.values[v].name + "'";
}

std::map<ValueId, QuantParams> ParamsBy(const Graph& graph,
                                        const std::map<ValueId, Observation>& seen,
                                        const RangeOptions& method) {
  std::map<ValueId, QuantParams> params;
  const auto paddings = PaddingRanges(graph), actives = ActiveRanges(graph);
  for (const auto& [v, observation] : seen) {
    if (observation.count() == 0) continue;
    Range range = observation.RangeBy(method);
    const auto padding = paddings.find(v);
    if (padding != paddings.end()) {
      range.low = std::min(range.low, padding->second.low);
      range.high = std::max(range.high, padding->second.high);
    }
    const auto active = actives.find(v);
    if (active != actives.end()) {
      range.low = std::max(range.low, std::min(active->second.low, 0.0));
      range.high = std::min(range.high, std::max(active->second.high, 0.0));
    }
    params[v] = ParamsOf(range);
  }
  return params;
}

// No method is best for all: clipping what is rare spoils transformers, whose outliers matter, and
// not clipping spoils networks for pictures. So each is tried.
Status ChooseRanges(const Graph& graph, const Options& options,
                    const std::map<ValueId, Observation>& seen) {
  Quantization& q = *options.quantization;
  if (q.range.method != RangeMethod::kAuto) {
    q.params = ParamsBy(graph, seen, q.range);
    return Ok();
  }
  const Trials trials = PARE_TRY(Trials::Create(graph, options));
  double most = 0;
  for (const char* method : {"minmax", "average", "percentile", "mse"}) {
    const RangeOptions range = *ParseRangeMethod(method);
    std::map<ValueId, QuantParams> params = ParamsBy(graph, seen, range);
    const double snr = PARE_TRY(trials.Try(params, q.choices)).snr_db;
    if (q.range.method != RangeMethod::kAuto && snr <= most) continue;
    most = snr;
    q.range = range;
    q.params = std::move(params);
  }
  return Ok();
}

}  // namespace

Status Calibrate(Graph& graph, const Options& options) {
  Quantization& q = *options.quantization;
  if (q.format == QuantFormat::kNone) return Ok();
  PARE_TRY(ExcludeLayers(graph, &q));
  if (options.calibration == nullptr) {
    if (q.format != QuantFormat::kInt8) return Ok();
    return Error(Code::kNotFound, "int8 needs calibration data: give --calibrate");
  }
  q.reference = graph;
  q.samples = PARE_TRY(options.calibration->Cut(graph));
  if (q.format != QuantFormat::kInt8) return Ok();
  const std::vector<ValueId> values = WatchedValues(graph);
  std::map<ValueId, Observation> seen;
  PARE_TRY(RunSamples(graph, q.samples, values, [&](ValueId v, const Tensor& t) -> Status {
    if (!seen[v].Add(t.Data<float>(), static_cast<size_t>(t.Elements())))
      return Error(Code::kCorrupt,
                   MakerOf(graph, v) + " makes NaN or an infinity on the calibration data");
    return Ok();
  }));
  return ChooseRanges(graph, options, seen);
}

}  // namespace pare::converter
