// The subcommands of `pare`. One file each in this folder: it defines a function of the table below
// that adds its flags to the parser and returns what to do once they are parsed.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "converter/ir/status.h"

namespace pare::converter {

inline constexpr int kExitOk = 0, kExitFailed = 1, kExitUsage = 2, kExitDiffers = 3;

// Runs the command and returns the exit code. Results go to stdout, all else to stderr.
using Action = std::function<int()>;

struct Command {
  const char* name;
  const char* summary;
  Action (*add)(CLI::App& parser);
};

Action AddConvert(CLI::App& parser);
Action AddInspect(CLI::App& parser);
Action AddCompare(CLI::App& parser);

// --quiet and --verbose, which every command has.
void AddVerbosity(CLI::App& parser);
// Says "pare: error: ..." and returns kExitFailed.
int Fail(const Status& status);

}  // namespace pare::converter
