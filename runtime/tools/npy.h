// The .npy format in memory: a header of text, then the elements.
#pragma once

#include "runtime/core/span.h"
#include "runtime/tools/npz.h"

namespace pare::tools {

// Reads a whole .npy file; fills everything of `array` but its name.
ToolResult ParseNpy(Span<const std::byte> file, Array* array);

// Its bytes, or an empty vector where the array contradicts itself.
std::vector<std::byte> FormatNpy(const Array& array);

}  // namespace pare::tools
