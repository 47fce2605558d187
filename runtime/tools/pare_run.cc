// pare-run: runs a model on arrays from files.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "platforms/platform.h"
#include "runtime/pare.h"
#include "runtime/tools/command_line.h"
#include "runtime/tools/npz.h"
#include "runtime/tools/table.h"
#include "runtime/tools/tool_session.h"

namespace pare::tools {
namespace {

constexpr char kTool[] = "pare-run";

struct RunArguments {
  std::string model, output;
  std::vector<std::string> inputs;
  SessionArguments session;
  bool plan = false, quiet = false;
};

void PrintPlan(const pare_session* session) {
  Table table({{"step", Table::kRight},
               {"node", Table::kLeft},
               {"op", Table::kLeft},
               {"kernel", Table::kLeft},
               {"output", Table::kLeft},
               {"bytes", Table::kRight},
               {"offset", Table::kRight},
               {"scratch", Table::kRight},
               {"mode", Table::kLeft}});
  for (uint32_t i = 0; i < pare_session_step_count(session); ++i) {
    pare_step s;
    (void)pare_session_step(session, i, &s);
    table.Add({std::to_string(i), *s.name != '\0' ? s.name : Format("#%d", s.node), s.op,
               *s.kernel != '\0' ? s.kernel : "-", pare_dtype_name(s.dtype) + FormatShape(s.shape),
               std::to_string(s.bytes), s.offset == PARE_NO_OFFSET ? "-" : std::to_string(s.offset),
               std::to_string(s.scratch), s.mode});
  }
  table.Print(stdout);
  pare_memory m;
  pare_session_memory(session, &m);
  std::printf("arena %" PRIu64 " bytes: activations %" PRIu64 ", scratch %" PRIu64 ", plan %" PRIu64
              "; %" PRIu32 " threads; %s\n",
              m.arena, m.activations, m.scratch, m.plan, pare_session_threads(session),
              pare_session_cpu(session));
}

Array ToArray(const pare_tensor& tensor) {
  Array array;
  array.name = tensor.name;
  array.dtype = static_cast<DType>(tensor.dtype);
  array.shape.rank = tensor.shape.rank;
  std::copy_n(tensor.shape.dims, tensor.shape.rank, array.shape.dims);
  const auto* data = static_cast<const std::byte*>(tensor.data);
  if (tensor.bytes > 0) array.data.assign(data, data + tensor.bytes);
  return array;
}

double ElementAt(const pare_tensor& tensor, size_t i) {
  const auto read = [&](auto type) {
    std::memcpy(&type, static_cast<const char*>(tensor.data) + i * sizeof type, sizeof type);
    return type;
  };
  switch (tensor.dtype) {
    case PARE_F32: return read(0.0f);
    case PARE_F64: return read(0.0);
    case PARE_F16: return HalfToFloat(read(uint16_t{}));
    case PARE_BF16: return Bfloat16ToFloat(read(uint16_t{}));
    case PARE_I8: return read(int8_t{});
    case PARE_BOOL:
    case PARE_U8: return read(uint8_t{});
    case PARE_I16: return read(int16_t{});
    case PARE_U16: return read(uint16_t{});
    case PARE_I32: return read(int32_t{});
    case PARE_U32: return read(uint32_t{});
    case PARE_I64: return static_cast<double>(read(int64_t{}));
    case PARE_U64: return static_cast<double>(read(uint64_t{}));
  }
  return 0;
}

// "scores  f32[1,1000]  min -2.1 max 14.8 mean 0.02  [0.113, -0.52, ...]"
void PrintOutput(const pare_tensor& tensor) {
  constexpr size_t kShown = 8;
  const size_t count = tensor.bytes / pare_dtype_size(tensor.dtype);
  std::printf("%s  %s%s", tensor.name, pare_dtype_name(tensor.dtype),
              FormatShape(tensor.shape).c_str());
  if (count > 0) {
    double low = HUGE_VAL, high = -HUGE_VAL, sum = 0;
    for (size_t i = 0; i < count; ++i) {
      const double x = ElementAt(tensor, i);
      low = std::min(low, x), high = std::max(high, x), sum += x;
    }
    std::printf("  min %.6g max %.6g mean %.6g  [", low, high, sum / static_cast<double>(count));
    for (size_t i = 0; i < count && i < kShown; ++i) {
      std::printf("%s%.6g", i > 0 ? ", " : "", ElementAt(tensor, i));
    }
    std::printf(count > kShown ? ", ...]" : "]");
  }
  std::printf("\n");
}

ToolResult Compute(const RunArguments& arguments, pare_session* session,
                   const std::vector<Array>& inputs) {
  if (ToolResult r = SetInputs(session, inputs); !r.ok()) return r;
  pare_error error;
  const uint64_t start = pare_platform_now_ns();
  if (pare_session_run(session, &error) != PARE_OK) return Failure(error.message);
  const auto nanoseconds = static_cast<double>(pare_platform_now_ns() - start);
  std::vector<Array> outputs;
  for (uint32_t i = 0; i < pare_session_output_count(session); ++i) {
    pare_tensor tensor;
    (void)pare_session_output(session, i, &tensor);
    if (!arguments.quiet) PrintOutput(tensor);
    if (!arguments.output.empty()) outputs.push_back(ToArray(tensor));
  }
  if (!arguments.quiet) std::fprintf(stderr, "%s: ran in %.3f ms\n", kTool, nanoseconds / 1e6);
  return arguments.output.empty() ? Success() : WriteNpz(arguments.output, outputs);
}

ToolResult Run(const RunArguments& arguments) {
  ModelHandle model;
  if (ToolResult r = OpenModel(arguments.model, &model); !r.ok()) return r;
  std::vector<Array> inputs;
  if (ToolResult r = ReadInputs(arguments.inputs, &inputs); !r.ok()) return r;
  // The plan alone needs no input where the model and --dim give the sizes.
  const bool compute = !arguments.plan || !inputs.empty() || !arguments.output.empty();
  if (compute) {
    if (ToolResult r = CheckInputs(model.get(), arguments.session, inputs, Require::kAll);
        !r.ok()) {
      return Failure(arguments.model + ": " + r.error);
    }
  }
  SessionHandle session;
  if (ToolResult r = CreateSession(model.get(), arguments.session, inputs, &session); !r.ok()) {
    return r;
  }
  if (compute) {
    if (ToolResult r = Compute(arguments, session.get(), inputs); !r.ok()) return r;
  }
  if (arguments.plan) PrintPlan(session.get());
  return Success();
}

void AddRunCommand(CLI::App& app, RunArguments& a) {
  CLI::App* run = app.add_subcommand("run", "Compute a model's outputs from arrays in files");
  run->add_option("model", a.model, "The .pare file")->required();
  run->add_option("-i,--input", a.inputs,
                  "NAME=FILE.npy, or FILE.npz with arrays named as the inputs; repeatable")
      ->allow_extra_args(false);
  run->add_option("-o,--output", a.output, "Write the outputs to this .npz, keyed by their names");
  AddSessionOptions(*run, a.session);
  run->add_flag("--plan", a.plan, "Print each step with its kernel, sizes and place in memory");
  run->add_flag("-q,--quiet", a.quiet, "Print no outputs and no timing");
  run->footer(
      "Examples:\n"
      "  pare-run run net.pare --input image=cat.npy --output scores.npz --threads 2\n"
      "  pare-run run net.pare --plan --dim batch=1");
}

int Main(int argc, char** argv) {
  CLI::App app("Runs models in .pare files.");
  app.require_subcommand(1);
  RunArguments arguments;
  AddRunCommand(app, arguments);
  if (const int code = ParseCommandLine(app, argc, argv); code != kGoOn) return code;
  const ToolResult r = Run(arguments);
  return r.ok() ? kExitOk : Fail(kTool, r.error);
}

}  // namespace
}  // namespace pare::tools

int main(int argc, char** argv) { return pare::tools::Main(argc, argv); }
