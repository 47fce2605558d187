// One case of ONNX's conformance data: a folder with model.onnx and test_data_set_*/.
#pragma once

#include <filesystem>
#include <string>

namespace pare::conformance {

enum class Outcome { kPassed, kFailed, kCrashed, kExcluded };

struct CaseResult {
  std::string name;  // "node/test_abs"
  Outcome outcome = Outcome::kPassed;
  std::string reason;
};

// Imports, optimises, writes, opens and runs the model and compares with the expected outputs.
// Empty, or the reason why it failed.
std::string RunCase(const std::filesystem::path& folder);

// The same in a child process, so that a crash or an endless loop is this case's alone.
CaseResult RunCaseIsolated(const std::filesystem::path& folder, const std::string& name);

}  // namespace pare::conformance
