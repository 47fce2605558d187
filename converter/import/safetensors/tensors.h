// Tensors of safetensors files: views into the mapped files, by name.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"

namespace pare::converter {

// Weights view the file (any alignment) and keep its mapping alive.
using TensorMap = std::map<std::string, Weight>;

// One file: 8 bytes of length, a JSON header, the elements. Every name, type, shape and offset is
// checked; tensors must not overlap.
Result<TensorMap> ParseSafetensors(const Bytes& file, const std::string& name);

// A model folder: model.safetensors, or the shards that model.safetensors.index.json lists, or the
// only *.safetensors file there is.
Result<TensorMap> ReadSafetensorsFolder(const std::filesystem::path& folder);

// The tensor as f32 of its own, 64-byte aligned. Types f32, f16, bf16, f64; else kUnsupported.
Result<Weight> ToFloat(const Weight& tensor);

}  // namespace pare::converter
