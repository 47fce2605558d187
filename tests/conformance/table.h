// The published results: a Markdown table in the repository.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/conformance/case.h"

namespace pare::conformance {

struct Counts {
  int total = 0, passed = 0, failed = 0, crashed = 0, excluded = 0;
};

// Of the cases whose name begins with `prefix`.
Counts Count(const std::vector<CaseResult>& results, const std::string& prefix);

std::string FormatTable(const std::vector<CaseResult>& results);

// Names of the cases that a table lists as passed; empty where there is none.
std::set<std::string> PassedBefore(const std::filesystem::path& table);

}  // namespace pare::conformance
