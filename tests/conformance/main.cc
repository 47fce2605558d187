// Runs ONNX's conformance data through converter and runtime.
//   onnx_conformance DATA FOLDER [--update] [--only TEXT]
// DATA: libonnx-testdata's folder. FOLDER: of exclusions.txt and onnx_node_tests.md. Exit 1 where a
// case crashes, a case that the table lists as passed does not pass any more, more than 15 % of the
// node tests are excluded, or less than 90 % of the rest pass.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "tests/conformance/case.h"
#include "tests/conformance/exclusions.h"
#include "tests/conformance/table.h"

namespace pare::conformance {
namespace {

constexpr const char* kSuites[] = {"node", "pytorch-converted", "pytorch-operator", "simple"};
constexpr double kMaxExcluded = 0.15, kMinPassed = 0.90;

std::vector<std::string> FindCases(const std::filesystem::path& data, const std::string& only) {
  std::vector<std::string> names;
  for (const char* suite : kSuites) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(data / suite, error)) {
      const std::string name = std::string(suite) + "/" + entry.path().filename().string();
      if (std::filesystem::exists(entry.path() / "model.onnx") &&
          name.find(only) != std::string::npos)
        names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

int Judge(const std::vector<CaseResult>& results, const std::set<std::string>& passed_before) {
  int wrong = 0;
  for (const CaseResult& r : results) {
    if (r.outcome == Outcome::kCrashed) {
      std::fprintf(stderr, "crashed: %s: %s\n", r.name.c_str(), r.reason.c_str());
      ++wrong;
    } else if (r.outcome != Outcome::kPassed && passed_before.count(r.name) != 0) {
      std::fprintf(stderr, "passed before: %s: %s\n", r.name.c_str(), r.reason.c_str());
      ++wrong;
    }
  }
  const Counts node = Count(results, "node/");
  if (node.excluded > kMaxExcluded * node.total) {
    std::fprintf(stderr, "%d of %d node tests are excluded\n", node.excluded, node.total);
    ++wrong;
  }
  if (node.passed < kMinPassed * (node.total - node.excluded)) {
    std::fprintf(stderr, "%d of %d node tests pass\n", node.passed, node.total - node.excluded);
    ++wrong;
  }
  return wrong;
}

int Main(const std::filesystem::path& data, const std::filesystem::path& folder, bool update,
         const std::string& only) {
  std::string error;
  const auto exclusions = ReadExclusions(folder / "exclusions.txt", &error);
  const auto names = FindCases(data, only);
  if (names.empty()) error = data.string() + ": no cases (apt-get install libonnx-testdata)";
  if (!error.empty()) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  std::vector<CaseResult> results;
  for (const std::string& name : names) {
    const std::string reason = ReasonToExclude(exclusions, data / name / "model.onnx", name);
    if (reason.empty()) {
      results.push_back(RunCaseIsolated(data / name, name));
    } else {
      results.push_back({name, Outcome::kExcluded, reason});
    }
    if (!only.empty() || (results.back().outcome != Outcome::kPassed && reason.empty()))
      std::printf("%s: %s\n", name.c_str(), results.back().reason.c_str());
  }
  const Counts all = Count(results, "");
  std::printf("%d cases: %d passed, %d failed, %d crashed, %d excluded\n", all.total, all.passed,
              all.failed, all.crashed, all.excluded);
  if (!only.empty()) return all.failed + all.crashed == 0 ? 0 : 1;
  const auto table = folder / "onnx_node_tests.md";
  const int wrong = Judge(results, PassedBefore(table));
  if (update) std::ofstream(table) << FormatTable(results);
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace pare::conformance

int main(int argc, char** argv) {
  bool update = false;
  std::string only;
  for (int i = 3; i < argc; ++i) {
    if (std::strcmp(argv[i], "--update") == 0) update = true;
    if (std::strcmp(argv[i], "--only") == 0 && i + 1 < argc) only = argv[++i];
  }
  if (argc < 3) {
    std::fprintf(stderr, "usage: onnx_conformance DATA FOLDER [--update] [--only TEXT]\n");
    return 2;
  }
  return pare::conformance::Main(argv[1], argv[2], update, only);
}
