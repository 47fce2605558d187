// What the commands share: parsing with the exit codes of a good Unix tool, and NAME=VALUE
// arguments.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
struct SessionArguments {
  std::string entry;  // "": the first
  std::string cpu;    // "": the machine's
  uint32_t threads = 1;
  std::vector<NamedSize> dims;
};
// Adds --threads, --dim NAME=SIZE, --entry and --cpu.
void AddSessionOptions(CLI::App& app, SessionArguments& arguments);

}  // namespace pare::tools
