// --quantize f16: large weights are stored in half precision, except those that this harms. Where
// rounding all of them moves an output by more than Options::max_error, each one's own share is
// measured, and those that harm most for their size stay f32 until the rest fits.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "converter/calibrate/dataset.h"
#include "converter/calibrate/probe.h"
#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/write/metadata.h"
#include "runtime/layout/layout.h"

namespace pare::converter {
namespace {

constexpr size_t kMostSamples = 8;  // taken of given data

constexpr int64_t kSmallWeight = 1024;  // elements; smaller weights stay f32
constexpr float kLargestHalf = 65504;   // f16 has no number beyond this

// Depthwise weights are few, and their kernel reads f32.
bool FitsHalf(const Weight& weight) {
  if (weight.dtype != DType::kF32 || weight.shape.Elements() < kSmallWeight ||
      weight.layout == Layout::kDepthwise16 || IsLowBit(weight.layout))
    return false;
  const auto* data = weight.Data<float>();
  return std::all_of(data, data + weight.bytes.size / sizeof(float),
                     [](float x) { return std::fabs(x) <= kLargestHalf; });
}

void RoundToHalf(float* data, size_t count) {
  for (size_t i = 0; i < count; ++i) data[i] = HalfToFloat(FloatToHalf(data[i]));
}

Bytes PlainHalves(const float* in, size_t count) {
  std::byte* bytes;
  Bytes halves = Bytes::Allocate(count * sizeof(uint16_t), &bytes);
  auto* out = reinterpret_cast<uint16_t*>(bytes);
  for (size_t i = 0; i < count; ++i) out[i] = FloatToHalf(in[i]);
  return halves;
}

void ConvertToHalf(Weight* weight) {
  weight->dtype = DType::kF16;
  const auto count = static_cast<size_t>(weight->shape.Elements());
  if (weight->layout == Layout::kPlain) {
    weight->bytes = PlainHalves(weight->Data<float>(), count);
    return;
  }
  const auto n = static_cast<size_t>(weight->shape[0]);
  std::vector<float> rows(count);
  UnpackT16(DType::kF32, weight->bytes.data, n, count / n, rows.data());
  const Bytes halves = PlainHalves(rows.data(), count);
  std::byte* packed;
  weight->bytes = Bytes::Allocate(PackedBytesT16(DType::kF16, n, count / n), &packed);
  PackT16(DType::kF16, halves.data, n, count / n, packed);
}

// ---- Which weights stay f32

struct Choice {
  std::set<size_t> kept;
  double all_rounded = 0, error = 0;  // shares of the output's range
  size_t samples = 0;
};

class Chooser {
 public:
  Chooser(Probe& probe, const std::vector<const Weight*>& weights, const Options& options,
          const std::set<size_t>& candidates)
      : probe_(probe),
        weights_(weights),
        options_(options),
        order_(candidates.begin(), candidates.end()) {}

  Result<Choice> Choose() {
    Choice choice;
    choice.samples = probe_.sample_count();
    choice.all_rounded = choice.error = PARE_TRY(ErrorKeeping(0));
    if (choice.error <= options_.max_error) return choice;
    PARE_TRY(SortByHarm());
    // The fewest that suffice; keeping all of them leaves no error.
    size_t too_few = 0, enough = order_.size();
    choice.error = 0;
    while (enough - too_few > 1) {
      const size_t middle = (too_few + enough) / 2;
      const double error = PARE_TRY(ErrorKeeping(middle));
      if (error <= options_.max_error) choice.error = error;
      (error <= options_.max_error ? enough : too_few) = middle;
    }
    choice.kept.insert(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(enough));
    PARE_TRY(RoundMore(&choice));
    return choice;
  }

 private:
  void Round(size_t i) { RoundToHalf(probe_.Elements(i), weights_[i]->bytes.size / sizeof(float)); }

  // With the first `kept` of order_ in f32.
  Result<double> ErrorKeeping(size_t kept) {
    for (size_t i = 0; i < order_.size(); ++i) {
      if (i < kept) {
        probe_.Restore(order_[i]);
      } else {
        Round(order_[i]);
      }
    }
    return probe_.Error();
  }

  // The order says what harms on average; single large weights may fit after all.
  Status RoundMore(Choice* choice) {
    constexpr size_t kTries = 8;
    const std::set<size_t> kept = choice->kept;
    for (const size_t i : order_) kept.count(i) != 0 ? probe_.Restore(i) : Round(i);
    std::vector<std::pair<size_t, size_t>> by_size;
    for (const size_t i : kept) {
      if (alone_[i] <= options_.max_error) by_size.emplace_back(weights_[i]->bytes.size, i);
    }
    std::sort(by_size.rbegin(), by_size.rend());
    by_size.resize(std::min(by_size.size(), kTries));
    for (const auto& [bytes, i] : by_size) {
      Round(i);
      const double error = PARE_TRY(probe_.Error());
      if (error <= options_.max_error) {
        choice->kept.erase(i);
        choice->error = error;
      } else {
        probe_.Restore(i);
      }
    }
    return Ok();
  }

  // What alone is too much has to stay f32. Else errors of single weights add up like independent
  // noise, so their squares do.
  Status SortByHarm() {
    for (const size_t i : order_) probe_.Restore(i);
    std::vector<std::tuple<bool, double, size_t>> harm;
    for (const size_t i : order_) {
      if (options_.progress)
        options_.progress("measure f16", static_cast<int>(harm.size()),
                          static_cast<int>(order_.size()));
      Round(i);
      const double error = PARE_TRY(probe_.Error());
      probe_.Restore(i);
      alone_[i] = error;
      harm.emplace_back(error > options_.max_error,
                        error * error / static_cast<double>(weights_[i]->bytes.size), i);
    }
    std::sort(harm.rbegin(), harm.rend());
    for (size_t i = 0; i < harm.size(); ++i) order_[i] = std::get<size_t>(harm[i]);
    return Ok();
  }

  Probe& probe_;
  const std::vector<const Weight*>& weights_;
  const Options& options_;
  std::vector<size_t> order_;
  std::map<size_t, double> alone_;  // what rounding only this one does
};

Result<Choice> Measure(const Graph& graph, const std::set<size_t>& candidates,
                       const Options& options) {
  const bool given = options.calibration != nullptr;
  std::vector<Sample> samples =
      PARE_TRY(given ? options.calibration->Cut(graph) : MakeUpSamples(graph));
  if (samples.size() > kMostSamples) samples.resize(kMostSamples);
  Probe probe = PARE_TRY(Probe::Create(graph, candidates, std::move(samples)));
  return Chooser(probe, ListWeights(graph), options, candidates).Choose();
}

std::string NoteOf(const std::vector<const Weight*>& weights, const std::set<size_t>& candidates,
                   const Choice& choice, const Options& options) {
  double all = 0, kept = 0;  // MiB
  for (const size_t i : candidates) {
    const double mib = static_cast<double>(weights[i]->bytes.size) / (1 << 20);
    all += mib;
    kept += choice.kept.count(i) != 0 ? mib : 0;
  }
  const bool given = options.calibration != nullptr;
  const std::string inputs =
      fmt::format("on {} {} input{}", choice.samples, given ? "given" : "made-up",
                  choice.samples > 1 ? "s" : "");
  if (choice.kept.empty())
    return fmt::format("all {} large weights as f16 move the outputs by {:.1e} of their range {}",
                       candidates.size(), choice.error, inputs);
  std::string note = fmt::format(
      "kept {} of {} large weights ({:.2f} of {:.2f} MiB) in f32: all as f16 would move the "
      "outputs "
      "by {:.1e} of their range, now {:.1e}, allowed {:.1e} ({})",
      choice.kept.size(), candidates.size(), kept, all, choice.all_rounded, choice.error,
      options.max_error, inputs);
  if (kept > all / 2) note += "; most of this model's weights need f32, --max-error allows more";
  return note;
}

// ---- Storing them

class HalfStorer {
 public:
  explicit HalfStorer(const std::set<size_t>& halves) : halves_(halves) {}

  void Store(Graph& graph) {
    std::vector<char> half(graph.weights.size(), 0);
    for (size_t w = 0; w < graph.weights.size(); ++w, ++next_) {
      half[w] = halves_.count(next_) != 0 ? 1 : 0;
      if (half[w]) ConvertToHalf(&graph.weights[w]);
    }
    {
      Rewriter rewriter(graph);
      for (size_t v = 0, count = graph.values.size(); v < count; ++v) {
        const int32_t w = graph.values[v].weight;
        if (w < 0 || !half[static_cast<size_t>(w)]) continue;
        graph.values[v].dtype = DType::kF16;
        if (graph.weights[static_cast<size_t>(w)].layout == Layout::kPlain)
          CastBack(rewriter, static_cast<ValueId>(v));
      }
    }
    for (Graph& body : graph.subgraphs) Store(body);
  }

 private:
  // No kernel reads plain halves: a table is cast after rows were taken from it, anything else
  // before it is used.
  static void CastBack(Rewriter& rewriter, ValueId half) {
    ValueId cast = kAbsent;
    const std::vector<Node*> users = rewriter.Users(half);
    for (Node* user : users) {
      if (user->op.type == fb::Op::Cast) continue;
      for (size_t i = 0; i < user->inputs.size(); ++i) {
        if (user->inputs[i] != half) continue;
        if (user->op.type == fb::Op::Gather && i == 0) {
          CastResult(rewriter, user);
        } else {
          if (cast == kAbsent) cast = AddCast(rewriter, half);
          rewriter.SetInput(user, i, cast);
        }
      }
    }
  }
  static fb::CastT ToF32() {
    fb::CastT cast;
    cast.to = fb::DType::F32;
    return cast;
  }
  static ValueId AddCast(Rewriter& rewriter, ValueId half) {
    const Value value = rewriter.graph().values[half];
    const ValueId cast = rewriter.NewValue(value.name + "/f32", DType::kF32, value.shape);
    rewriter.Add(value.name + "/f32", ToF32(), {half}, {cast});
    return cast;
  }
  static void CastResult(Rewriter& rewriter, Node* gather) {
    const ValueId y = gather->outputs[0];
    const Value value = rewriter.graph().values[y];
    const ValueId rows = rewriter.NewValue(value.name + "/f16", DType::kF16, value.shape);
    rewriter.graph().values[rows].has_shape = value.has_shape;
    rewriter.SetOutput(gather, 0, rows);
    rewriter.Add(gather->name + "/f32", ToF32(), {rows}, {y});
  }

  const std::set<size_t>& halves_;
  size_t next_ = 0;  // of ListWeights
};

// Constants that are outputs or initial states keep their type.
void FindFixed(const Graph& graph, std::set<const Weight*>* fixed) {
  for (const ValueId v : graph.outputs) fixed->insert(graph.ConstantOf(v));
  for (const Graph::State& s : graph.states) {
    if (s.initial_weight >= 0) fixed->insert(&graph.weights[static_cast<size_t>(s.initial_weight)]);
  }
  for (const Graph& body : graph.subgraphs) FindFixed(body, fixed);
}

std::set<size_t> FindCandidates(const Graph& graph, const std::vector<const Weight*>& weights) {
  std::set<const Weight*> fixed;
  FindFixed(graph, &fixed);
  std::set<size_t> candidates;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (fixed.count(weights[i]) == 0 && FitsHalf(*weights[i])) candidates.insert(i);
  }
  return candidates;
}

}  // namespace

Status StoreHalf(Graph& graph, const Options& options) {
  if (options.weights != WeightFormat::kF16) return Ok();
  const std::vector<const Weight*> weights = ListWeights(static_cast<const Graph&>(graph));
  std::set<size_t> halves = FindCandidates(graph, weights);
  if (halves.empty()) return Ok();
  if (options.max_error > 0) {
    Result<Choice> choice = Measure(graph, halves, options);
    if (choice.ok()) {
      graph.metadata.emplace_back(kHalfNote, NoteOf(weights, halves, *choice, options));
      for (const size_t i : choice->kept) halves.erase(i);
    } else if (options.calibration != nullptr) {
      return choice.status();
    } else if (options.warn) {
      options.warn("what f16 does to the outputs is not measured (" + choice.status().message +
                   "); --calibrate gives inputs");
    }
  }
  HalfStorer(halves).Store(graph);
  return Ok();
}

}  // namespace pare::converter
