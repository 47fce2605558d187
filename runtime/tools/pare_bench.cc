// pare-bench: how fast a model runs on this device, and what memory it takes.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "platforms/platform.h"
#include "runtime/core/dtype.h"
#include "runtime/pare.h"
#include "runtime/tools/bench_report.h"
#include "runtime/tools/command_line.h"
#include "runtime/tools/npz.h"
#include "runtime/tools/table.h"
#include "runtime/tools/tool_session.h"

namespace pare::tools {
namespace {

constexpr char kTool[] = "pare-bench";

struct BenchArguments {
  std::string model, json, target_profile;
  std::vector<std::string> inputs;
  SessionArguments session;
  size_t warmup = 5, runs = 50;
  double min_seconds = 1, sustain = 0;
  uint32_t seed = 1;
  bool profile = false, quiet = false;
};

double Now() { return static_cast<double>(pare_platform_now_ns()) / 1e6; }

// Floats in [-1, 1); integers and booleans 0 or 1, which indices, masks and types all allow.
void FillRandom(const pare_tensor& tensor, std::mt19937& random) {
  const size_t size = pare_dtype_size(tensor.dtype);
  auto* out = static_cast<char*>(tensor.data);
  for (size_t at = 0; at < tensor.bytes; at += size) {
    const uint32_t bits = random();
    const float f = static_cast<float>(bits >> 8) * 0x1p-23f - 1;
    const double d = f;
    const uint64_t integer = bits & 1;
    const uint16_t half = tensor.dtype == PARE_F16 ? FloatToHalf(f) : FloatToBfloat16(f);
    const void* from = &integer;
    if (tensor.dtype == PARE_F32) from = &f;
    if (tensor.dtype == PARE_F64) from = &d;
    if (tensor.dtype == PARE_F16 || tensor.dtype == PARE_BF16) from = &half;
    std::memcpy(out + at, from, size);
  }
}

ToolResult FillInputs(const BenchArguments& arguments, const std::vector<Array>& arrays,
                      pare_session* session) {
  std::mt19937 random(arguments.seed);
  for (uint32_t i = 0; i < pare_session_input_count(session); ++i) {
    pare_tensor tensor;
    (void)pare_session_input(session, i, &tensor);
    if (FindArray(arrays, tensor.name) == nullptr) FillRandom(tensor, random);
  }
  return SetInputs(session, arrays);
}

ToolResult TimeRun(pare_session* session, double* ms) {
  pare_error error;
  const double start = Now();
  if (pare_session_run(session, &error) != PARE_OK) return Failure(error.message);
  *ms = Now() - start;
  return Success();
}

// At least --runs runs and --min-seconds seconds.
ToolResult TimeRuns(const BenchArguments& arguments, pare_session* session, BenchResult* result) {
  if (ToolResult r = TimeRun(session, &result->first_ms); !r.ok()) return r;
  double ms;
  for (size_t i = 0; i < arguments.warmup; ++i) {
    if (ToolResult r = TimeRun(session, &ms); !r.ok()) return r;
  }
  std::vector<double> times;
  const double start = Now();
  while (times.size() < arguments.runs || Now() - start < arguments.min_seconds * 1000) {
    if (ToolResult r = TimeRun(session, &ms); !r.ok()) return r;
    times.push_back(ms);
  }
  result->runs = times.size();
  result->times = Summarize(std::move(times));
  return Success();
}

ToolResult Profile(const BenchArguments& arguments, pare_session* session) {
  std::vector<uint64_t> nanoseconds(pare_session_step_count(session));
  pare_error error;
  for (size_t i = 0; i < arguments.runs; ++i) {
    if (pare_session_run_profiled(session, nanoseconds.data(), &error) != PARE_OK) {
      return Failure(error.message);
    }
  }
  PrintProfile(session, nanoseconds, arguments.runs, stdout);
  return Success();
}

// Of each step the least time, which other programs disturb least.
ToolResult ProfileTarget(const BenchArguments& arguments, const BenchResult& result,
                         pare_session* session) {
  std::vector<uint64_t> least(pare_session_step_count(session), UINT64_MAX);
  pare_error error;
  for (size_t i = 0; i < arguments.runs; ++i) {
    std::vector<uint64_t> nanoseconds(least.size());
    if (pare_session_run_profiled(session, nanoseconds.data(), &error) != PARE_OK)
      return Failure(error.message);
    for (size_t s = 0; s < least.size(); ++s) least[s] = std::min(least[s], nanoseconds[s]);
  }
  return WriteTargetProfile(result, session, least, arguments.target_profile);
}

// Runs without a pause and prints a line a second: what a device does once it is warm.
ToolResult Sustain(double seconds, pare_session* session) {
  std::printf("\n%8s  %10s  %8s  %s\n", "second", "median ms", "runs", "hottest zone");
  const double start = Now();
  double first = 0, last = 0;
  for (int second = 1; second <= static_cast<int>(seconds + 0.5); ++second) {
    std::vector<double> times;
    double ms;
    while (Now() - start < second * 1000.0) {
      if (ToolResult r = TimeRun(session, &ms); !r.ok()) return r;
      times.push_back(ms);
    }
    if (times.empty()) continue;  // one run took longer than a second
    const size_t count = times.size();
    last = Summarize(std::move(times)).median;
    if (first == 0) first = last;
    const int millidegrees = pare_platform_temperature();
    std::printf("%8d  %10.3f  %8zu  %s\n", second, last, count,
                millidegrees < 0 ? "unknown" : Format("%.1f C", millidegrees / 1000.0).c_str());
    std::fflush(stdout);
  }
  if (first > 0)
    std::printf("drift      %+.1f %%, last second to first\n", (last / first - 1) * 100);
  return Success();
}

ToolResult Bench(const BenchArguments& arguments) {
  // Before anything else is allocated: the empty process.
  const uint64_t empty = pare_platform_rss();
  std::vector<Array> arrays;
  if (ToolResult r = ReadInputs(arguments.inputs, &arrays); !r.ok()) return r;

  BenchResult result;
  result.model = arguments.model;
  ModelHandle model;
  SessionHandle session;
  const double start = Now();
  if (ToolResult r = OpenModel(arguments.model, &model); !r.ok()) return r;
  const double opened = Now();
  if (ToolResult r = CheckInputs(model.get(), arguments.session, arrays, Require::kTypes);
      !r.ok()) {
    return Failure(arguments.model + ": " + r.error);
  }
  if (ToolResult r = CreateSession(model.get(), arguments.session, arrays, &session); !r.ok()) {
    return r;
  }
  result.open_ms = opened - start;
  result.create_ms = Now() - opened;
  if (ToolResult r = FillInputs(arguments, arrays, session.get()); !r.ok()) return r;
  if (ToolResult r = TimeRuns(arguments, session.get(), &result); !r.ok()) return r;

  result.peak_rss_bytes = pare_platform_peak_rss();
  result.rss_bytes = result.peak_rss_bytes > empty ? result.peak_rss_bytes - empty : 0;
  result.file_bytes = pare_model_bytes(model.get());
  result.model_hash = pare_model_hash(model.get());
  result.format = pare_model_format(model.get());
  result.threads = pare_session_threads(session.get());
  result.placed = pare_session_placed_threads(session.get());
  result.cpu = pare_session_cpu(session.get());
  pare_session_memory(session.get(), &result.memory);
  if (arguments.json != "-" && !arguments.quiet) PrintReport(result, stdout);
  if (!arguments.json.empty()) {
    if (ToolResult r = WriteJson(result, arguments.json); !r.ok()) return r;
  }
  if (arguments.profile) {
    if (ToolResult r = Profile(arguments, session.get()); !r.ok()) return r;
  }
  if (!arguments.target_profile.empty()) {
    if (ToolResult r = ProfileTarget(arguments, result, session.get()); !r.ok()) return r;
  }
  return arguments.sustain > 0 ? Sustain(arguments.sustain, session.get()) : Success();
}

void AddOptions(CLI::App& app, BenchArguments& a) {
  app.add_option("model", a.model, "The .pare file")->required();
  AddSessionOptions(app, a.session);
  app.add_option("--warmup", a.warmup, "Runs before the timed ones")->capture_default_str();
  app.add_option("--runs", a.runs, "Least number of timed runs")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--min-seconds", a.min_seconds, "Least time of the timed runs together")
      ->capture_default_str();
  app.add_flag("--profile-ops", a.profile, "Time each node over --runs further runs");
  app.add_option("--sustain", a.sustain, "Then run for this many seconds, a line each second");
  app.add_option("-i,--input", a.inputs,
                 "NAME=FILE.npy, or FILE.npz; other inputs are random; repeatable")
      ->allow_extra_args(false);
  app.add_option("--seed", a.seed, "Of the random inputs")->capture_default_str();
  app.add_option("--json", a.json, "Write the figures to this file; -: standard output");
  app.add_option("--target-profile", a.target_profile,
                 "Write the least time of each node to this file, for `pare convert --target`");
  app.add_flag("-q,--quiet", a.quiet, "Print no report (with --json)");
  app.footer(
      "Times are wall-clock milliseconds of one run. Memory is resident memory, the mapped\n"
      "pages of the model included.\n\n"
      "Examples:\n"
      "  pare-bench net.pare --threads 2 --profile-ops\n"
      "  pare-bench net.pare --dim batch=4 --runs 200 --json net.json\n"
      "  pare-bench net-int8.pare --target-profile net-int8.json     for pare convert --target");
}

int Main(int argc, char** argv) {
  CLI::App app("Measures how fast a .pare model runs on this device, and what memory it takes.");
  BenchArguments arguments;
  AddOptions(app, arguments);
  if (const int code = ParseCommandLine(app, argc, argv); code != kGoOn) return code;
  const ToolResult r = Bench(arguments);
  return r.ok() ? kExitOk : Fail(kTool, r.error);
}

}  // namespace
}  // namespace pare::tools

int main(int argc, char** argv) { return pare::tools::Main(argc, argv); }
