// A .pare file as a Graph again: to compare it, or to convert it further.
#pragma once

#include <filesystem>

#include "converter/import/import.h"

namespace pare::converter {

// The graph of the first entry point, as it will run; weights view the mapped file, packed as they
// are.
Result<Graph> ReadPareFile(const std::filesystem::path& path);

// The same with plain weights and the options' bounds of dimensions, to convert again. Adapters and
// input shapes are refused.
Result<Graph> ImportPare(const std::filesystem::path& path, const ImportOptions& options);

}  // namespace pare::converter
