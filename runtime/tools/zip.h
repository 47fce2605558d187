// As much of the zip format as .npz files use: members that are stored or deflated, zip64 sizes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/core/span.h"
#include "runtime/tools/tool_result.h"

namespace pare::tools {

struct ZipMember {
  std::string name;
  std::vector<std::byte> data;
};

// Unpacks every member and checks its CRC-32.
ToolResult ReadZip(Span<const std::byte> file, std::vector<ZipMember>* members);

// The bytes of an archive that stores the members as they are.
std::vector<std::byte> FormatZip(const std::vector<ZipMember>& members);

}  // namespace pare::tools
