#include "tests/conformance/table.h"

#include <cstdio>
#include <fstream>

namespace pare::conformance {

namespace {

const char* NameOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPassed: return "passed";
    case Outcome::kFailed: return "failed";
    case Outcome::kCrashed: return "CRASHED";
    case Outcome::kExcluded: return "excluded";
  }
  return "?";
}

std::string SuiteOf(const std::string& name) { return name.substr(0, name.find('/')); }

}  // namespace

Counts Count(const std::vector<CaseResult>& results, const std::string& prefix) {
  Counts c;
  for (const CaseResult& r : results) {
    if (r.name.compare(0, prefix.size(), prefix) != 0) continue;
    ++c.total;
    c.passed += r.outcome == Outcome::kPassed ? 1 : 0;
    c.failed += r.outcome == Outcome::kFailed ? 1 : 0;
    c.crashed += r.outcome == Outcome::kCrashed ? 1 : 0;
    c.excluded += r.outcome == Outcome::kExcluded ? 1 : 0;
  }
  return c;
}

std::string FormatTable(const std::vector<CaseResult>& results) {
  std::string text =
      "# ONNX conformance\n\n"
      "Written by `onnx_conformance --update` from the data of Debian's libonnx-testdata 1.12. A\n"
      "case is imported, optimised, written, opened and run; it passes where every output has the\n"
      "expected type and shape and is within 1e-3 relative (1e-7 absolute) of the expected "
      "values:\n"
      "bfloat16 within one unit in the last place, integers exactly.\n"
      "`exclusions.txt` lists what is left out.\n\n"
      "| suite | cases | excluded | passed | failed | crashed | passed of the rest |\n"
      "|---|---|---|---|---|---|---|\n";
  std::set<std::string> suites;
  for (const CaseResult& r : results) suites.insert(SuiteOf(r.name));
  for (const std::string& suite : suites) {
    const Counts c = Count(results, suite + "/");
    char line[256];
    std::snprintf(line, sizeof line, "| %s | %d | %d | %d | %d | %d | %.1f %% |\n", suite.c_str(),
                  c.total, c.excluded, c.passed, c.failed, c.crashed,
                  100.0 * c.passed / (c.total - c.excluded == 0 ? 1 : c.total - c.excluded));
    text += line;
  }
  text += "\n| case | result | reason |\n|---|---|---|\n";
  for (const CaseResult& r : results)
    text += "| " + r.name + " | " + NameOf(r.outcome) + " | " + r.reason + " |\n";
  return text;
}

std::set<std::string> PassedBefore(const std::filesystem::path& table) {
  std::set<std::string> passed;
  std::ifstream in(table);
  for (std::string line; std::getline(in, line);) {
    const size_t end = line.find(" | passed |");
    if (line.rfind("| ", 0) == 0 && end != std::string::npos)
      passed.insert(line.substr(2, end - 2));
  }
  return passed;
}

}  // namespace pare::conformance
