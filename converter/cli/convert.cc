// pare convert: the flags, and the summary that it prints.
#include "converter/convert.h"

#include <spdlog/spdlog.h>

#include <memory>

#include "converter/cli/command.h"
#include "converter/cli/parse.h"
#include "converter/cli/progress_bar.h"
#include "converter/cli/report.h"

namespace pare::converter {
namespace {

constexpr char kExamples[] = R"(Examples:
  pare convert model.onnx -o model.pare
  pare convert model.onnx -o model.pare --quantize f16 --calibrate data.npz
  pare convert model.onnx -o model.pare --quantize int8 --calibrate data.npz --report r.html
  pare convert model.onnx -o model.pare --budget "size<=0.3,snr>=30" --calibrate data.npz
  pare convert bert.onnx -o bert.pare --quantize int8-dynamic
  pare convert model.onnx -o model.pare --quantize int8 --calibrate data.npz --exclude 'head.*'
  pare convert detector.onnx -o detector.pare --shape x=1x3x640x640
  pare convert model.onnx -o model.pare --dim batch=1..8 --dim height=32..640
  pare convert silero.onnx -o silero.pare --state state=stateN
  pare convert bert-folder -o bert.pare --lora adapter-folder:0.5)";

struct Arguments {
  std::string source, output, quantize, calibrate, method = "auto", scales, report, budget;
  double max_error = Options().max_error;
  std::vector<std::string> shapes, dims, states, adapters, disabled, excluded, targets;
  bool list_passes = false, per_tensor = false, asymmetric = false, weight_only = false;
};

int ListPasses() {
  for (const Pass& pass : Pipeline()) std::printf("%-24s %s\n", pass.name, pass.help);
  return kExitOk;
}

// What the flags say of the conversion itself.
ConvertOptions OptionsOf(const Arguments& arguments) {
  ConvertOptions options;
  for (const auto& text : arguments.shapes) options.import.shapes.push_back(*ParseShape(text));
  for (const auto& text : arguments.dims) options.import.dims.push_back(*ParseDim(text));
  for (const auto& text : arguments.states) options.states.push_back(*ParseState(text));
  for (const auto& text : arguments.adapters) options.import.adapters.push_back(ParseAdapter(text));
  options.passes.disabled = {arguments.disabled.begin(), arguments.disabled.end()};
  if (!arguments.quantize.empty()) {
    const QuantizeFlag flag = *ParseQuantize(arguments.quantize);
    options.passes.weights = flag.storage;
    options.passes.quantization = std::make_shared<Quantization>();
    options.passes.quantization->format = flag.format;
    options.passes.quantization->range = *ParseRangeMethod(arguments.method);
    options.passes.quantization->per_tensor = arguments.per_tensor;
    options.passes.quantization->excluded = arguments.excluded;
    const char* usual = IsFourBit(flag.format) ? "mse" : "absmax";
    options.passes.quantization->scales =
        *ParseScaleMethod(arguments.scales.empty() ? usual : arguments.scales);
    options.passes.quantization->group = flag.group;
    options.passes.quantization->asymmetric = arguments.asymmetric;
    options.passes.quantization->weight_only = arguments.weight_only;
  }
  if (!arguments.budget.empty()) {
    options.passes.quantization = std::make_shared<Quantization>();
    Quantization& q = *options.passes.quantization;
    q.format = QuantFormat::kInt8;  // of what has no choice of its own: what lies between layers
    q.range = *ParseRangeMethod(arguments.method);
    q.per_tensor = arguments.per_tensor;
    q.excluded = arguments.excluded;
    if (!arguments.scales.empty()) q.scales = *ParseScaleMethod(arguments.scales);
    q.budget = ParseBudget(arguments.budget).value();
  }
  options.passes.max_error = arguments.max_error;
  return options;
}

int RunConvert(const Arguments& arguments) {
  if (arguments.list_passes) return ListPasses();
  ConvertOptions options = OptionsOf(arguments);
  if (!arguments.calibrate.empty()) {
    auto data = Dataset::Read(arguments.calibrate);
    if (!data.ok()) return Fail(data.status());
    options.passes.calibration = std::make_shared<Dataset>(std::move(data).value());
  }
  options.time_layers = !arguments.report.empty();
  if (!arguments.targets.empty()) {
    auto target = TargetProfile::Read(arguments.targets);
    if (!target.ok()) return Fail(target.status());
    options.passes.quantization->target = std::move(target).value();
  }
  ProgressBar bar(spdlog::should_log(spdlog::level::info));
  options.import.warn = [&](const std::string& line) {
    bar.Clear();
    spdlog::warn("{}", line);
  };
  options.progress = [&](const char* stage, double done) { bar.Show(stage, done); };
  const auto report = Convert(arguments.source, arguments.output, options);
  bar.Clear();
  if (!report.ok()) return Fail(report.status());
  for (const PassRecord& pass : report.value().passes) {
    spdlog::debug("{:<24} {:>8.1f} ms  {} -> {} nodes", pass.name, pass.milliseconds,
                  pass.nodes_before, pass.nodes_after);
  }
  if (spdlog::should_log(spdlog::level::info))
    std::fputs(SummaryText(arguments.source, arguments.output, report.value()).c_str(), stdout);
  if (arguments.report.empty()) return kExitOk;
  const Status written =
      WriteReport(arguments.report, arguments.source, arguments.output, report.value());
  return written.ok() ? kExitOk : Fail(written);
}

// A check of CLI11 made of a parser that returns an empty optional where the text is wrong.
template <class Parse>
CLI::Validator Check(Parse parse, const char* form) {
  return CLI::Validator(
      [parse, form](const std::string& text) {
        return parse(text) ? std::string() : "'" + text + "' is not of the form " + form;
      },
      "");
}

}  // namespace

Action AddConvert(CLI::App& parser) {
  auto a = std::make_shared<Arguments>();
  parser.footer(kExamples);
  auto* source = parser.add_option("SRC", a->source,
                                   "model.onnx, or a folder with config.json and "
                                   "model.safetensors");
  auto* output = parser.add_option("-o,--output", a->output, "The .pare file to write");
  parser
      .add_option("--quantize", a->quantize,
                  "f16: half the bytes; int8: u8 activations too, needs --calibrate; int8-dynamic; "
                  "int4[:g32|g64|g128] (a scale for so many weights) and nf4: products and tables")
      ->check(Check(ParseQuantize, "f16, int8, int8-dynamic, int4[:g32|g64|g128] or nf4"));
  auto* calibrate =
      parser.add_option("--calibrate", a->calibrate,
                        "Arrays named as the inputs, samples along their leading axis: "
                        ".npz, .npy, .safetensors, or a folder of them");
  parser
      .add_option("--calibration-method", a->method,
                  "Ranges of activations: minmax, average, percentile[:99.99], entropy, mse; auto: "
                  "which of them moves the outputs least")
      ->check(Check(ParseRangeMethod, "auto, minmax, average, percentile[:99.99], entropy or mse"));
  parser
      .add_option(
          "--max-error", a->max_error,
          "How far f16 may move an output, as a share of its range, on the inputs "
          "that it is measured on; weights that move it further stay f32. 0: all are stored")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  parser.add_flag("--per-tensor", a->per_tensor, "One scale a weight instead of one a row");
  auto* exclude = parser.add_option("--exclude", a->excluded,
                                    "Keep layers in f32 whose names are like PATTERN: 'layer4.*'");
  auto* asymmetric =
      parser.add_flag("--asymmetric", a->asymmetric,
                      "int4: a minimum beside the scale of each group, half a bit a weight more in "
                      "groups of 32");
  auto* weight_only =
      parser.add_flag("--weight-only", a->weight_only,
                      "int4, nf4: decode weights and compute in f32, closer to f32 and slower");
  parser
      .add_option("--weight-scales", a->scales,
                  "Scales of weights: absmax (usual of 8 bits); mse (usual of 4): clipped where "
                  "that errs less; hqq: of int4 --asymmetric, many small errors count most")
      ->check(Check(ParseScaleMethod, "absmax, mse or hqq"));
  auto* budget =
      parser.add_option("--budget", a->budget,
                        "Choose each layer's encoding: \"size<=0.3,snr>=30,latency<=0.5\", shares "
                        "of the weights' bytes "
                        "and of the time in f32, dB of the outputs; needs --calibrate");
  budget->excludes("--quantize")->check([](const std::string& text) {
    const auto parsed = ParseBudget(text);
    return parsed.ok() ? std::string() : parsed.status().message;
  });
  auto* target = parser.add_option(
      "--target", a->targets,
      "A device's times by pare-bench --target-profile, of this model in f32 and in each encoding "
      "that may be chosen; repeatable");
  target->needs(budget)->check(CLI::ExistingFile);
  parser.add_option("--shape", a->shapes, "Fix an input's shape: NAME=1x3x640x640; -1: any size")
      ->check(Check(ParseShape, "NAME=1x3x640x640"));
  parser.add_option("--dim", a->dims, "Bound a named dimension: batch=1..8, or fix it: batch=1")
      ->check(Check(ParseDim, "NAME=MIN..MAX or NAME=SIZE"));
  parser.add_option("--state", a->states, "Keep an input across runs, fed from an output: IN=OUT")
      ->check(Check(ParseState, "INPUT=OUTPUT"));
  parser.add_option("--lora", a->adapters, "Merge a PEFT adapter: FOLDER or FOLDER:SCALE");
  parser.add_option("--disable-pass", a->disabled, "Leave out a pass; --list-passes names them");
  parser
      .add_option("--report", a->report, "Write what was done to FILE.html, FILE.json or FILE.txt")
      ->check(Check(IsReportName, "FILE.html, FILE.json or FILE.txt"));
  auto* list = parser.add_flag("--list-passes", a->list_passes, "Print the passes and stop");
  // SRC and -o are needed unless --list-passes is given.
  parser.final_callback([=] {
    if (list->count() > 0) return;
    if (source->count() == 0) throw CLI::RequiredError("SRC");
    if (output->count() == 0) throw CLI::RequiredError("-o OUT.pare");
    if (a->quantize == "int8" && calibrate->count() == 0)
      throw CLI::RequiredError("--calibrate, which --quantize int8 needs,");
    const bool chosen = budget->count() > 0;
    if (chosen && calibrate->count() == 0)
      throw CLI::RequiredError("--calibrate, which --budget needs,");
    if (exclude->count() > 0 && !chosen && (a->quantize.empty() || a->quantize == "f16"))
      throw CLI::ValidationError("--exclude",
                                 "there is nothing to exclude from: it goes with "
                                 "--quantize int8, int8-dynamic, int4 or nf4");
    const bool int4 = a->quantize.rfind("int4", 0) == 0;
    if (asymmetric->count() > 0 && !int4)
      throw CLI::ValidationError("--asymmetric", "it goes with --quantize int4");
    if (weight_only->count() > 0 && !int4 && a->quantize != "nf4")
      throw CLI::ValidationError("--weight-only", "it goes with --quantize int4 or nf4");
    if (calibrate->count() > 0 && a->quantize.empty() && !chosen)
      throw CLI::ValidationError("--calibrate",
                                 "there is nothing to calibrate without --quantize or --budget");
  });
  return [a] { return RunConvert(*a); };
}

}  // namespace pare::converter
