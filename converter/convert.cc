#include "converter/convert.h"

#include <algorithm>
#include <chrono>

#include "converter/write/metadata.h"
#include "converter/write/write_model.h"

namespace pare::converter {
namespace {

// Passes take most of the time of a conversion, then writing.
constexpr double kImported = 0.2, kPassed = 0.8;

double Milliseconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - since)
      .count();
}

uint64_t WeightBytes(const Graph& graph) {
  uint64_t bytes = 0;
  for (const Weight* weight : ListWeights(graph)) bytes += weight->bytes.size;
  return bytes;
}

// Takes the value of that name out of the list, or returns kAbsent.
ValueId Take(const Graph& graph, const std::string& name, std::vector<ValueId>* list) {
  const auto found = std::find_if(list->begin(), list->end(),
                                  [&](ValueId v) { return graph.values[v].name == name; });
  if (found == list->end()) return kAbsent;
  const ValueId v = *found;
  list->erase(found);
  return v;
}

Status AddState(Graph& graph, const ConvertOptions::State& state) {
  const ValueId value = Take(graph, state.input, &graph.inputs);
  if (value == kAbsent)
    return Error(Code::kNotFound, "--state: the model has no input '" + state.input + "'");
  const ValueId next = Take(graph, state.output, &graph.outputs);
  if (next == kAbsent)
    return Error(Code::kNotFound, "--state: the model has no output '" + state.output + "'");
  graph.states.push_back({state.input, value, next, -1});
  return Ok();
}

}  // namespace

Result<Graph> Prepare(const std::filesystem::path& source, const ConvertOptions& options,
                      ConvertReport* report) {
  const auto start = std::chrono::steady_clock::now();
  if (options.progress) options.progress("import", 0);
  Options passes = options.passes;
  if (passes.quantization == nullptr) passes.quantization = std::make_shared<Quantization>();
  const Quantization& quantization = *passes.quantization;
  Graph graph = PARE_TRY(Import(source, options.import));
  for (const auto& state : options.states) PARE_TRY(AddState(graph, state));
  report->import_ms = Milliseconds(start);
  report->nodes_before = CountNodes(graph);
  report->weights_before = ListWeights(graph).size();
  report->weight_bytes_before = WeightBytes(graph);

  passes.warn = options.import.warn;
  passes.progress = [&](const char* name, int index, int count) {
    if (options.progress) options.progress(name, kImported + (kPassed - kImported) * index / count);
  };
  Status status = RunPipeline(graph, passes, &report->passes);
  if (!status.ok()) return Error(status.code, source.string() + ": " + status.message);
  for (const auto& [key, value] : graph.metadata) {
    if (key == kHalfNote) report->half_note = value;
  }
  report->nodes_after = CountNodes(graph);
  report->weights_after = ListWeights(graph).size();
  report->weight_bytes_after = WeightBytes(graph);
  report->layers = quantization.layers;
  if (quantization.reference && !quantization.samples.empty())
    report->errors = PARE_TRY(MeasureLayers(*quantization.reference, graph, quantization));
  if (quantization.reference && options.time_layers)
    report->times = PARE_TRY(TimeLayers(*quantization.reference, graph, quantization));
  return graph;
}

Result<ConvertReport> Convert(const std::filesystem::path& source,
                              const std::filesystem::path& output, const ConvertOptions& options) {
  ConvertReport report;
  const Graph graph = PARE_TRY(Prepare(source, options, &report));
  const auto start = std::chrono::steady_clock::now();
  WriteOptions write;
  write.progress = [&](uint64_t done, uint64_t all) {
    if (options.progress)
      options.progress(
          "write", kPassed + (1 - kPassed) * static_cast<double>(done) / static_cast<double>(all));
  };
  const auto sink = PARE_TRY(FileSink::Create(output));
  PARE_TRY(WriteModel(graph, *sink, write));
  report.file_bytes = sink->position();
  PARE_TRY(sink->Commit());
  report.write_ms = Milliseconds(start);
  return report;
}

}  // namespace pare::converter
