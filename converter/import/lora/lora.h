// PEFT adapters: low-rank updates of a model's weights, merged before anything else happens.
#pragma once

#include <filesystem>

#include "converter/import/safetensors/tensors.h"
#include "converter/ir/status.h"

namespace pare::converter {

// Merges the adapter of `folder` (adapter_config.json, adapter_model.safetensors) into `tensors`:
// W + scale * s * B A in f32, where s is alpha / r, or alpha / sqrt(r) for rsLoRA; DoRA rescales
// the rows of that; biases and modules_to_save replace the model's. An adapter that does not fit is
// refused with the names that differ, and `tensors` stays as it was.
Status MergeAdapter(const std::filesystem::path& folder, float scale, TensorMap* tensors);

}  // namespace pare::converter
