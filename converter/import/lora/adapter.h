// An adapter's tensors, sorted by the module of the model that each belongs to.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "converter/import/lora/peft_config.h"
#include "converter/import/safetensors/tensors.h"

namespace pare::converter {

// Low-rank factors for one weight. Pointers are into the adapter's TensorMap.
struct LowRank {
  const Weight *a = nullptr, *b = nullptr;  // [r, inputs], [outputs, r]
  const Weight* b_bias = nullptr;           // [outputs], added to the module's bias
  const Weight* magnitude = nullptr;        // DoRA: the length of each row
  bool embedding = false;                   // the weight is (B A) transposed
  std::string module;                       // as the adapter calls it
};

struct Adapter {
  TensorMap tensors;
  std::map<std::string, LowRank> updates;             // by the name of the model's weight
  std::map<std::string, const Weight*> replacements;  // biases and saved modules, likewise
};

// Reads adapter_model.safetensors and finds for each tensor the tensor of `model` that it changes.
// Model and adapter may differ by one leading name ("bert."). Where anything does not fit, the
// error lists the names.
Result<Adapter> ReadAdapter(const std::filesystem::path& folder, const PeftConfig& config,
                            const TensorMap& model);

}  // namespace pare::converter
