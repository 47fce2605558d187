// The ONNX importer: opsets 7 to the newest, as a Graph of Pare's operators. Functions of the model
// are inlined, operators that Pare lacks are decomposed, channels-first operators stand between
// Transposes, and bodies of control flow get what they capture as inputs.
#pragma once

#include <filesystem>
#include <string>

#include "converter/import/import.h"
#include "runtime/core/span.h"

namespace pare::converter {

// Weights of the file itself are moved, those of external files mapped: the Graph keeps them alive.
Result<Graph> ImportOnnx(const std::filesystem::path& path, const ImportOptions& options);

// The same from memory; `name` is for messages. Weights in external files are refused.
Result<Graph> ImportOnnxBytes(Span<const std::byte> bytes, const std::string& name,
                              const ImportOptions& options);

}  // namespace pare::converter
