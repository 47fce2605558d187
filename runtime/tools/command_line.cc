#include "runtime/tools/command_line.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>

#include "runtime/pare.h"

namespace pare::tools {

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

ToolResult ParseDims(const std::vector<std::string>& texts, std::vector<NamedSize>* dims) {
  for (const std::string& text : texts) {
    const size_t equals = text.rfind('=');
    int64_t size = 0;
    const char* end = text.data() + text.size();
    const bool named = equals != std::string::npos && equals > 0;
    if (named) {
      const auto [stop, error] = std::from_chars(text.data() + equals + 1, end, size);
      if (error == std::errc() && stop == end && size > 0) {
        dims->push_back({text.substr(0, equals), size});
        continue;
      }
    }
    return Failure("--dim " + text + ": give it as NAME=SIZE, for instance batch=4");
  }
  return Success();
}

}  // namespace pare::tools
