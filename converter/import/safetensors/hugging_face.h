// The importer of Hugging Face encoder folders: config.json, *.safetensors, and where it is a
// sentence-transformers model modules.json with its pooling.
#pragma once

#include <filesystem>

#include "converter/import/import.h"

namespace pare::converter {

// A graph with inputs input_ids, attention_mask and, where the model has them, token_type_ids (i64
// [batch, sequence]) and outputs last_hidden_state and, where the folder says how to pool,
// sentence_embedding. Adapters of the options are merged into the weights first. The tokenizer's
// files and config.json become assets.
Result<Graph> ImportHuggingFace(const std::filesystem::path& folder, const ImportOptions& options);

}  // namespace pare::converter
