// A .pare file as a Graph again: to compare it, or to convert it further.
#pragma once

#include <filesystem>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"

namespace pare::converter {

// The graph of the first entry point; weights view the mapped file.
Result<Graph> ReadPareFile(const std::filesystem::path& path);

}  // namespace pare::converter
