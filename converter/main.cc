// The `pare` command: a table of subcommands.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <vector>

#include "converter/cli/command.h"

namespace pare::converter {
namespace {

constexpr Command kCommands[] = {
    {"convert", "Turn a trained model into a .pare file", AddConvert},
    {"inspect", "Show what is in a .pare file", AddInspect},
    {"compare", "Run two models on the same inputs and compare", AddCompare},
};

constexpr char kExamples[] = R"(Examples:
  pare convert model.onnx -o model.pare
  pare inspect model.pare
  pare compare model.onnx model.pare --min-snr 60
  pare convert --help

Exit codes: 0 done; 1 failed, with the reason on standard error; 2 wrong usage; 3 the models differ
(compare --min-snr).)";

void SetUpLogging() {
  auto logger = spdlog::stderr_color_mt("pare");
  logger->set_pattern("pare: %^%l%$: %v");
  spdlog::set_default_logger(logger);
}

int Main(int argc, char** argv) {
  SetUpLogging();
  CLI::App parser("Converts trained models for Pare's runtime.", "pare");
  parser.set_version_flag("--version", "pare " PARE_VERSION);
  parser.require_subcommand(1);
  parser.footer(kExamples);
  Action action;
  for (const Command& command : kCommands) {
    CLI::App* sub = parser.add_subcommand(command.name, command.summary);
    sub->set_version_flag("--version", "pare " PARE_VERSION);
    AddVerbosity(*sub);
    Action run = command.add(*sub);
    sub->parse_complete_callback([&action, run] { action = run; });
  }
  try {
    parser.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version arrive here too, as success.
    return parser.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  try {
    return action();
  } catch (const std::bad_alloc&) {
    return Fail(Error(Code::kOutOfMemory,
                      "out of memory: close other programs, or use a machine "
                      "with more"));
  } catch (const std::exception& error) {
    return Fail(Error(Code::kInternal, std::string("a bug in pare: ") + error.what()));
  }
}

}  // namespace
}  // namespace pare::converter

int main(int argc, char** argv) { return pare::converter::Main(argc, argv); }
