// ToolResult: how the command-line tools report failure. The message is a sentence for a person.
#pragma once

#include <string>
#include <utility>

namespace pare::tools {

struct [[nodiscard]] ToolResult {
  std::string error;  // empty: it worked

  bool ok() const { return error.empty(); }
};

inline ToolResult Success() { return {}; }
inline ToolResult Failure(std::string error) { return {std::move(error)}; }

}  // namespace pare::tools
