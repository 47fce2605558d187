// From hidden states to one vector a sentence, as modules.json of sentence-transformers says.
#pragma once

#include <filesystem>

#include "converter/import/safetensors/builder.h"

namespace pare::converter {

// Adds pooling (mean, cls, max, mean over the root of the length; several are concatenated), Dense
// and Normalize. kAbsent where the folder has no pooling.
Result<ValueId> BuildPooling(const std::filesystem::path& folder, ValueId hidden_state,
                             ValueId attention_mask, GraphBuilder* builder);

}  // namespace pare::converter
