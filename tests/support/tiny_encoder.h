// A small encoder of any family with seeded random weights, as a Hugging Face folder.
#pragma once

#include <string>

#include "converter/import/safetensors/families.h"
#include "tests/support/model_folder.h"

namespace pare::testing {

struct TinyEncoder {
  static constexpr int64_t kHidden = 24, kHeads = 3, kLayers = 2, kInner = 40, kWords = 50,
                           kPositions = 20;
  const converter::EncoderFamily& family;
  PlainTensors tensors;
  int types;

  explicit TinyEncoder(const char* model_type, int token_types = 2)
      : family(*converter::FindEncoderFamily(model_type)), types(token_types) {
    std::mt19937 random(7);
    Tensor(family.word, {kWords, kHidden}, &random);
    Tensor(family.position, {kPositions, kHidden}, &random);
    if (*family.token_type != 0) Tensor(family.token_type, {types, kHidden}, &random);
    Norm(family.embedding_norm, &random);
    for (int64_t l = 0; l < kLayers; ++l) {
      std::string at = family.layer;
      at.replace(at.find("{}"), 2, std::to_string(l));
      for (const char* name : {family.query, family.key, family.value, family.attention_output})
        Linear(at + name, kHidden, kHidden, &random);
      Norm(at + family.attention_norm, &random);
      Linear(at + family.intermediate, kHidden, kInner, &random);
      Linear(at + family.output, kInner, kHidden, &random);
      Norm(at + family.output_norm, &random);
    }
  }

  void Tensor(const std::string& name, std::vector<int64_t> dims, std::mt19937* random) {
    tensors[name + ".weight"] = RandomTensor(std::move(dims), random);
  }
  void Linear(const std::string& name, int64_t in, int64_t out, std::mt19937* random) {
    Tensor(name, {out, in}, random);
    tensors[name + ".bias"] = RandomTensor({out}, random);
  }
  void Norm(const std::string& name, std::mt19937* random) {
    tensors[name + ".weight"] = RandomTensor({kHidden}, random, 0.2f, 1);
    tensors[name + ".bias"] = RandomTensor({kHidden}, random);
  }

  nlohmann::json Config() const {
    return {
        {"model_type", family.model_type}, {family.hidden_key, kHidden},
        {family.heads_key, kHeads},        {family.layers_key, kLayers},
        {family.activation_key, "gelu"},   {"max_position_embeddings", kPositions},
        {"layer_norm_eps", 1e-12},         {"pad_token_id", family.positions_skip_padding ? 1 : 0}};
  }

  void WriteTo(const TempFolder& folder) const {
    folder.Write("config.json", Config().dump());
    folder.Write("model.safetensors", FormatSafetensors(tensors));
  }
  // As sentence-transformers lays it out; `mode` is "mean_tokens", "cls_token", ...
  static void WritePooling(const TempFolder& folder, const std::string& mode) {
    folder.Write("modules.json", R"([
      {"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
      {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
      {"idx": 2, "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}])");
    folder.Write("1_Pooling/config.json", nlohmann::json{{"pooling_mode_" + mode, true}}.dump());
  }
};

}  // namespace pare::testing
