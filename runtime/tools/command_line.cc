#include "runtime/tools/command_line.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>

#include "runtime/pare.h"

namespace pare::tools {
namespace {

NamedSize ParseDim(const std::string& text) {
  const size_t equals = text.rfind('=');
  if (equals != std::string::npos && equals > 0) {
    int64_t size = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + equals + 1, end, size);
    if (error == std::errc() && stop == end && size > 0) return {text.substr(0, equals), size};
  }
  throw CLI::ValidationError("--dim", "'" + text + "' is not NAME=SIZE, for instance batch=4");
}

}  // namespace

int ParseCommandLine(CLI::App& app, int argc, char** argv) {
  app.set_version_flag("--version", std::string("pare ") + pare_version_string());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitOk : kExitUsage;
  }
  return kGoOn;
}

int Fail(const char* tool, const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", tool, message.c_str());
  return kExitFailed;
}

void AddSessionOptions(CLI::App& app, SessionArguments& arguments) {
  app.add_option("-t,--threads", arguments.threads, "Threads; 0: one for each fast core")
      ->capture_default_str();
  app.add_option_function<std::vector<std::string>>(
         "--dim",
         [&](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) arguments.dims.push_back(ParseDim(text));
         },
         "NAME=SIZE of a named dimension; repeatable")
      ->allow_extra_args(false);
  app.add_option("--entry", arguments.entry, "Entry point; default: the model's first");
  app.add_option("--cpu", arguments.cpu, "Highest instruction set to use: scalar, avx2, neon ...");
}

}  // namespace pare::tools
