#include "converter/calibrate/probe.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <utility>

#include "converter/ir/engine.h"
#include "converter/passes/match.h"
#include "converter/write/metadata.h"

namespace pare::converter {
namespace {

using tools::Array;

// What an error of an output amounts to.
struct Measured {
  double slope = 0;  // of the saturating activation that was taken away behind it; 0: none was
  double range = 0;  // its largest magnitude otherwise

  double Share(double error) const {
    if (slope > 0) return error * slope;  // what saturates has a range of 1
    return range > 0 ? error / range : 0;
  }
};

bool OnlyMoves(fb::Op type) {
  return type == fb::Op::Reshape || type == fb::Op::Transpose || type == fb::Op::Squeeze ||
         type == fb::Op::Unsqueeze || type == fb::Op::Flatten || type == fb::Op::Identity;
}

// The steepest slope of the activations that end in 1, or 0 for others.
double SlopeOf(const fb::ActivationT& a) {
  switch (a.kind) {
    case fb::UnaryKind::Sigmoid: return 0.25;
    case fb::UnaryKind::Tanh: return 1;
    case fb::UnaryKind::HardSigmoid: return static_cast<double>(a.alpha);
    default: return 0;
  }
}

// Takes a saturating activation away from output `i`, where nothing else reads its result.
Measured Unsaturate(Graph& graph, size_t i) {
  const auto producer = [&](ValueId v) -> Node* {
    for (Node& n : graph.nodes) {
      if (!n.outputs.empty() && n.outputs[0] == v) return &n;
    }
    return nullptr;
  };
  const auto reads = [&](ValueId v) {
    size_t count = static_cast<size_t>(std::count(graph.outputs.begin(), graph.outputs.end(), v));
    for (const Node& n : graph.nodes)
      count += static_cast<size_t>(std::count(n.inputs.begin(), n.inputs.end(), v));
    return count;
  };
  ValueId v = graph.outputs[i];
  Node* n = producer(v);
  while (n != nullptr && OnlyMoves(n->op.type) && reads(v) == 1) {
    v = n->inputs[0];
    n = producer(v);
  }
  std::unique_ptr<fb::ActivationT>* activation = n == nullptr ? nullptr : ActivationOf(n);
  if (activation == nullptr || *activation == nullptr || reads(v) != 1) return {};
  const double slope = SlopeOf(**activation);
  if (slope == 0) return {};
  (*activation)->kind = fb::UnaryKind::None;
  return {slope, 0};
}

// Samples of the same shapes run in one session.
struct Case {
  std::vector<Shape> shapes;
  Engine engine;
};

std::vector<Shape> ShapesOf(const Sample& sample) {
  std::vector<Shape> shapes;
  for (const Array& array : sample) shapes.push_back(array.shape);
  return shapes;
}

Result<Engine> MakeEngine(const Graph& graph, const Sample& sample) {
  EngineOptions options;
  options.threads = 0;
  for (const Array& array : sample) PlanFor(array.name, array, &options);
  return Engine::Create(graph, options);
}

}  // namespace

struct Probe::Parts {
  Graph graph;  // with weights of its own, and outputs as they are measured
  std::map<size_t, std::pair<const Weight*, std::byte*>> changing;
  std::vector<Measured> outputs;
  std::vector<Case> cases;
  struct Run {
    Sample inputs;
    size_t in_case;
    std::vector<std::vector<float>> reference;
  };
  std::vector<Run> runs;

  // Sets *answer to the float outputs (empty for others).
  Status Execute(const Run& run, std::vector<std::vector<float>>* answer) {
    Session& session = cases[run.in_case].engine.session();
    session.ResetState();
    for (uint32_t i = 0; i < session.input_count(); ++i)
      PARE_TRY(WriteInput(run.inputs[i], session.input(i)));
    PARE_TRY(cases[run.in_case].engine.Run());
    answer->clear();
    for (uint32_t i = 0; i < session.output_count(); ++i) {
      const Tensor& t = session.output(i);
      answer->emplace_back();
      if (t.dtype == DType::kF32 && t.Elements() > 0)
        answer->back().assign(t.Data<float>(), t.Data<float>() + t.Elements());
    }
    return Ok();
  }

  Status AddRun(Sample sample) {
    Run run{std::move(sample), cases.size(), {}};
    const std::vector<Shape> shapes = ShapesOf(run.inputs);
    for (size_t i = 0; i < cases.size(); ++i) {
      if (cases[i].shapes == shapes) run.in_case = i;
    }
    if (run.in_case == cases.size())
      cases.push_back({shapes, PARE_TRY(MakeEngine(graph, run.inputs))});
    PARE_TRY(Execute(run, &run.reference));
    for (size_t i = 0; i < outputs.size(); ++i) {
      for (const float x : run.reference[i]) {
        if (std::isfinite(x)) outputs[i].range = std::max(outputs[i].range, std::fabs(double{x}));
      }
    }
    runs.push_back(std::move(run));
    return Ok();
  }
};

Result<Probe> Probe::Create(const Graph& graph, const std::set<size_t>& changing,
                            std::vector<Sample> samples) {
  auto parts = std::make_unique<Parts>();
  parts->graph = graph;
  const std::vector<Weight*> weights = ListWeights(parts->graph);
  const std::vector<const Weight*> originals = ListWeights(graph);
  for (const size_t i : changing) {
    std::byte* data;
    weights[i]->bytes = Bytes::Allocate(originals[i]->bytes.size, &data);
    parts->changing[i] = {originals[i], data};
    std::memcpy(data, originals[i]->bytes.data, originals[i]->bytes.size);
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i)
    parts->outputs.push_back(Unsaturate(parts->graph, i));
  Status first_error;
  for (Sample& sample : samples) {
    Status status = parts->AddRun(std::move(sample));
    if (!status.ok() && first_error.ok()) first_error = std::move(status);
  }
  if (parts->runs.empty())
    return first_error.ok() ? converter::Error(Code::kNotFound, "no inputs to run on")
                            : first_error;
  return Probe(std::move(parts));
}

Probe::Probe(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Probe::Probe(Probe&&) noexcept = default;
Probe::~Probe() = default;

float* Probe::Elements(size_t weight) {
  return reinterpret_cast<float*>(parts_->changing.at(weight).second);
}

void Probe::Restore(size_t weight) {
  const auto& [original, data] = parts_->changing.at(weight);
  std::memcpy(data, original->bytes.data, original->bytes.size);
}

size_t Probe::sample_count() const { return parts_->runs.size(); }

Result<double> Probe::Error() {
  double worst = 0;
  std::vector<std::vector<float>> answer;
  for (const Parts::Run& run : parts_->runs) {
    PARE_TRY(parts_->Execute(run, &answer));
    for (size_t i = 0; i < answer.size(); ++i) {
      if (answer[i].size() != run.reference[i].size()) continue;
      double error = 0;
      for (size_t k = 0; k < answer[i].size(); ++k) {
        const double difference = std::fabs(double{answer[i][k]} - double{run.reference[i][k]});
        if (std::isfinite(difference)) error = std::max(error, difference);
      }
      worst = std::max(worst, parts_->outputs[i].Share(error));
    }
  }
  return worst;
}

}  // namespace pare::converter
