// The transformer encoder itself: token ids to hidden states.
#pragma once

#include "converter/import/safetensors/builder.h"
#include "converter/import/safetensors/families.h"
#include "converter/import/safetensors/json.h"

namespace pare::converter {

// What config.json says, checked.
struct EncoderConfig {
  int64_t hidden = 0, heads = 0, layers = 0, positions = 0, padding_id = 0;
  int64_t first_position = 0;
  float epsilon = 1e-12f;
  fb::UnaryKind activation = fb::UnaryKind::Gelu;
};
Result<EncoderConfig> ReadEncoderConfig(const EncoderFamily& family, const Json& config);

// token_type_ids may be kAbsent: type 0 everywhere.
struct EncoderInputs {
  ValueId input_ids = kAbsent, attention_mask = kAbsent, token_type_ids = kAbsent;
};

// Returns last_hidden_state [batch, sequence, hidden].
Result<ValueId> BuildEncoder(const EncoderFamily& family, const EncoderConfig& config,
                             const EncoderInputs& inputs, GraphBuilder* builder);

}  // namespace pare::converter
