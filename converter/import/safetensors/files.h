// Files mapped into memory, as Bytes that keep their mapping.
#pragma once

#include <filesystem>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"

namespace pare::converter {

// The whole file. kNotFound, kIo.
Result<Bytes> MapFile(const std::filesystem::path& path);

}  // namespace pare::converter
