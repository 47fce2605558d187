// pare compare: how far two models' answers are apart, and where they part.
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>

#include "converter/cli/command.h"
#include "converter/import/import.h"
#include "converter/import/pare/pare_file.h"
#include "converter/report/comparison.h"
#include "converter/report/model_text.h"

namespace pare::converter {
namespace {

constexpr char kExamples[] = R"(Examples:
  pare compare model.onnx model.pare --inputs data.npz
  pare compare model.onnx model.pare --dim batch=2 --layers
  pare compare model.pare model-f16.pare --min-snr 40     exits with 3 where they differ more
The arrays of data.npz are named as the inputs. Without --inputs the models get seeded random
numbers.)";

constexpr int kWorstLayers = 10;

struct Arguments {
  std::string reference, other, inputs;
  std::vector<std::string> dims;
  double min_snr = 0;
  bool has_min_snr = false, layers = false, json = false;
  uint64_t seed = 1;
  size_t threads = 1;
};

// NAME=SIZE, checked while parsing.
std::pair<std::string, int64_t> SplitDim(const std::string& text) {
  const size_t equal = text.rfind('=');
  return {text.substr(0, equal), std::stoll(text.substr(equal + 1))};
}

std::string CheckDim(const std::string& text) {
  const size_t equal = text.rfind('=');
  const std::string size = equal == std::string::npos ? "" : text.substr(equal + 1);
  const bool good = equal != 0 && !size.empty() && size.size() < 10 &&
                    size.find_first_not_of("0123456789") == std::string::npos;
  return good ? "" : "'" + text + "' is not of the form NAME=SIZE";
}

Result<std::vector<tools::Array>> Inputs(const Arguments& a, const Graph& graph,
                                         const ComparisonOptions& options) {
  std::vector<tools::Array> arrays;
  if (!a.inputs.empty()) {
    const tools::ToolResult read = tools::ReadArrays(a.inputs, &arrays);
    if (!read.ok()) return Error(Code::kIo, read.error);
    return arrays;
  }
  arrays = PARE_TRY(RandomInputs(graph, options, a.seed));
  std::string shapes;
  for (const tools::Array& array : arrays) {
    shapes += " " + array.name + (array.shape.rank == 0 ? " (scalar)" : "=");
    for (int d = 0; d < array.shape.rank; ++d)
      shapes += (d > 0 ? "x" : "") + std::to_string(array.shape[d]);
  }
  spdlog::info("no --inputs: random numbers (seed {}){}", a.seed, shapes);
  return arrays;
}

// A .pare file is compared as it will run, its weights packed.
Result<Graph> ReadModel(const std::string& path) {
  if (std::filesystem::path(path).extension() == ".pare") return ReadPareFile(path);
  ImportOptions options;
  options.warn = [](const std::string& line) { spdlog::warn("{}", line); };
  return Import(path, options);
}

Result<Comparison> CompareFiles(const Arguments& a) {
  const Graph reference = PARE_TRY(ReadModel(a.reference));
  const Graph other = PARE_TRY(ReadModel(a.other));
  ComparisonOptions options;
  for (const std::string& text : a.dims) options.dims.insert(SplitDim(text));
  options.threads = a.threads;
  if (a.has_min_snr) options.diverging_db = options.breaking_db = a.min_snr;
  const std::vector<tools::Array> inputs = PARE_TRY(Inputs(a, reference, options));
  return CompareGraphs(reference, other, inputs, options);
}

int RunCompare(const Arguments& a) {
  const Result<Comparison> comparison = CompareFiles(a);
  if (!comparison.ok()) {
    Status status = comparison.status();
    if (a.inputs.empty())
      status.message += " (made-up inputs may not suit: give --inputs or --dim)";
    return Fail(status);
  }
  const Comparison& c = comparison.value();
  const std::string text =
      a.json ? DumpJson(ComparisonJson(c)) + "\n" : ComparisonText(c, a.layers ? -1 : kWorstLayers);
  std::fputs(text.c_str(), stdout);
  return a.has_min_snr && c.WorstOutput() < a.min_snr ? kExitDiffers : kExitOk;
}

}  // namespace

Action AddCompare(CLI::App& parser) {
  auto a = std::make_shared<Arguments>();
  parser.footer(kExamples);
  const char* kinds = "A model: .onnx, .pare, or a folder with config.json";
  parser.add_option("A", a->reference, std::string(kinds) + "; the reference")->required();
  parser.add_option("B", a->other, kinds)->required();
  parser.add_option("--inputs", a->inputs, "Arrays named as the inputs: .npz or .npy")
      ->check(CLI::ExistingFile);
  parser.add_option("--dim", a->dims, "Size of a named dimension: batch=2")
      ->check(CLI::Validator(CheckDim, ""));
  auto* snr = parser.add_option("--min-snr", a->min_snr,
                                "Exit with 3 where an output is below this, in dB");
  parser.add_option("--seed", a->seed, "Of the random inputs");
  parser.add_option("--threads", a->threads, "Threads; 0: one a fast core");
  parser.add_flag("--layers", a->layers, "List every layer, not only the worst");
  parser.add_flag("--json", a->json, "Everything, for scripts");
  return [a, snr] {
    a->has_min_snr = snr->count() > 0;
    return RunCompare(*a);
  };
}

}  // namespace pare::converter
