#include "converter/import/safetensors/families.h"

namespace pare::converter {
namespace {

constexpr EncoderFamily Bert(const char* model_type, const char* prefix, bool skip_padding) {
  return {model_type,
          prefix,
          "embeddings.word_embeddings",
          "embeddings.position_embeddings",
          "embeddings.token_type_embeddings",
          "embeddings.LayerNorm",
          "encoder.layer.{}.",
          "attention.self.query",
          "attention.self.key",
          "attention.self.value",
          "attention.output.dense",
          "attention.output.LayerNorm",
          "intermediate.dense",
          "output.dense",
          "output.LayerNorm",
          "hidden_size",
          "num_attention_heads",
          "num_hidden_layers",
          "hidden_act",
          "layer_norm_eps",
          skip_padding};
}

constexpr EncoderFamily kFamilies[] = {
    Bert("bert", "bert.", false),
    Bert("electra", "electra.", false),
    Bert("roberta", "roberta.", true),
    Bert("xlm-roberta", "roberta.", true),
    Bert("camembert", "roberta.", true),
    {"distilbert",
     "distilbert.",
     "embeddings.word_embeddings",
     "embeddings.position_embeddings",
     "",
     "embeddings.LayerNorm",
     "transformer.layer.{}.",
     "attention.q_lin",
     "attention.k_lin",
     "attention.v_lin",
     "attention.out_lin",
     "sa_layer_norm",
     "ffn.lin1",
     "ffn.lin2",
     "output_layer_norm",
     "dim",
     "n_heads",
     "n_layers",
     "activation",
     "layer_norm_eps",
     false},
};

}  // namespace

const EncoderFamily* FindEncoderFamily(const std::string& model_type) {
  for (const EncoderFamily& family : kFamilies) {
    if (model_type == family.model_type) return &family;
  }
  return nullptr;
}

std::string EncoderFamilyNames() {
  std::string names;
  for (const EncoderFamily& family : kFamilies)
    names += (names.empty() ? "" : ", ") + std::string(family.model_type);
  return names;
}

}  // namespace pare::converter
