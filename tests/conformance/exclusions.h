// What Pare does not claim to do: exclusions.txt, a list of operators and types with reasons.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pare::conformance {

struct Exclusion {
  std::string kind;     // "op", "type" or "case"
  std::string pattern;  // an operator, a type, or a case's name where * stands for anything
  std::string reason;
};

// Empty, with *error set, where the file cannot be read.
std::vector<Exclusion> ReadExclusions(const std::filesystem::path& file, std::string* error);

// The reason why the case is excluded, or "".
std::string ReasonToExclude(const std::vector<Exclusion>& exclusions,
                            const std::filesystem::path& model, const std::string& name);

}  // namespace pare::conformance
