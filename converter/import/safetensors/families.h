// Families of encoders: what their tensors and settings are called. Data only; encoder.cc builds
// the same graph from each row.
#pragma once

#include <string>

namespace pare::converter {

// Names of tensors without ".weight" and ".bias"; of a layer: after its prefix. Empty: the family
// has none. LayerNorms of old checkpoints say gamma and beta.
struct EncoderFamily {
  const char* model_type;  // of config.json
  const char* prefix;      // what task models put before every name ("bert."); may be missing
  const char* word;
  const char* position;
  const char* token_type;
  const char* embedding_norm;
  const char* layer;  // {} is the number
  const char *query, *key, *value, *attention_output, *attention_norm;
  const char *intermediate, *output, *output_norm;
  // Keys of config.json.
  const char *hidden_key, *heads_key, *layers_key, *activation_key, *epsilon_key;
  // Positions count from the padding id + 1 and skip padding (RoBERTa), or from 0.
  bool positions_skip_padding;
};

// The row for config.json's model_type, or null.
const EncoderFamily* FindEncoderFamily(const std::string& model_type);
// "bert, roberta, ...": for messages.
std::string EncoderFamilyNames();

}  // namespace pare::converter
