// What the commands share: parsing with the exit codes of a good Unix tool, and NAME=VALUE
// arguments.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/tools/tool_result.h"

namespace CLI {
class App;
}

namespace pare::tools {

inline constexpr int kExitOk = 0, kExitFailed = 1, kExitUsage = 2;
inline constexpr int kGoOn = -1;

// Adds --version. Parses; returns kGoOn, or the exit status after help (stdout) or a usage error
// (stderr).
int ParseCommandLine(CLI::App& app, int argc, char** argv);

// "pare-run: message" on stderr; returns kExitFailed.
int Fail(const char* tool, const std::string& message);

struct NamedSize {
  std::string name;
  int64_t size;
};
// "batch=4"
ToolResult ParseDims(const std::vector<std::string>& texts, std::vector<NamedSize>* dims);

}  // namespace pare::tools
