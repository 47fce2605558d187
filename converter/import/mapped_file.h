// Files mapped into memory, as Bytes that keep their mapping.
#pragma once

#include <filesystem>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"

namespace pare::converter {

// The whole file. kNotFound, kIo.
Result<Bytes> MapFile(const std::filesystem::path& path);

// A part of it. Its pages leave memory with the last copy of the view, so that a conversion needs
// memory for a model once, not for what was read and for what is written.
Bytes ViewOf(const Bytes& file, uint64_t offset, size_t size);

}  // namespace pare::converter
