// Runs a subcommand of `pare` in this process.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "converter/cli/command.h"

namespace pare::testing {

struct CommandOutput {
  int code = 0;
  std::string out;
};

inline CommandOutput RunCommand(converter::Action (*add)(CLI::App&),
                                const std::vector<std::string>& arguments) {
  CLI::App parser("test", "test");
  converter::AddVerbosity(parser);
  const converter::Action action = add(parser);
  CommandOutput result;
  try {
    parser.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError&) {
    result.code = converter::kExitUsage;
    return result;
  }
  ::testing::internal::CaptureStdout();
  result.code = action();
  result.out = ::testing::internal::GetCapturedStdout();
  return result;
}

}  // namespace pare::testing
