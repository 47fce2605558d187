#include "converter/cli/command.h"

#include <spdlog/spdlog.h>

namespace pare::converter {

void AddVerbosity(CLI::App& parser) {
  auto* quiet = parser.add_flag_callback(
      "-q,--quiet", [] { spdlog::set_level(spdlog::level::err); }, "Say nothing but errors");
  parser
      .add_flag_callback(
          "-v,--verbose", [] { spdlog::set_level(spdlog::level::debug); }, "Say what is done")
      ->excludes(quiet);
}

int Fail(const Status& status) {
  spdlog::error("{}", status.message);
  return kExitFailed;
}

}  // namespace pare::converter
