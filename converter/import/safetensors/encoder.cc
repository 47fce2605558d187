#include "converter/import/safetensors/encoder.h"

#include <cmath>
#include <limits>

namespace pare::converter {
namespace {

// Added to the scores of padding: as good as minus infinity after softmax, and within f16's range.
constexpr float kMasked = -10000;

struct ActivationName {
  const char* name;
  fb::UnaryKind kind;
};
constexpr ActivationName kActivations[] = {
    {"gelu", fb::UnaryKind::Gelu},          {"gelu_python", fb::UnaryKind::Gelu},
    {"gelu_new", fb::UnaryKind::GeluTanh},  {"gelu_pytorch_tanh", fb::UnaryKind::GeluTanh},
    {"gelu_fast", fb::UnaryKind::GeluTanh}, {"relu", fb::UnaryKind::Relu},
    {"silu", fb::UnaryKind::Silu},          {"swish", fb::UnaryKind::Silu},
    {"mish", fb::UnaryKind::Mish},          {"tanh", fb::UnaryKind::Tanh},
    {"sigmoid", fb::UnaryKind::Sigmoid}};

// Settings that change the computation in ways that the graph here does not follow.
Status CheckSettings(const Json& config) {
  const std::string positions = StringOr(config, "position_embedding_type", "absolute");
  if (positions != "absolute")
    return Error(Code::kUnsupported, "position_embedding_type '" + positions +
                                         "' is not supported; export the model to ONNX");
  if (BoolOr(config, "is_decoder", false) || BoolOr(config, "add_cross_attention", false))
    return Error(Code::kUnsupported, "the model is a decoder; only encoders are imported");
  return Ok();
}

// Row indices into the table of positions: 0, 1, 2... or RoBERTa's, which skip padding.
ValueId PositionRows(const EncoderConfig& config, ValueId input_ids, GraphBuilder* b) {
  const std::string at = "embeddings.position_ids.";
  const auto i64 = DType::kI64;
  const ValueId padding = b->Integers(at + "padding", Shape(), {config.padding_id});
  const ValueId is_padding =
      b->Binary(at + "is_padding", fb::BinaryKind::Equal, input_ids, padding, DType::kBool);
  fb::UnaryT negate;
  negate.activation = std::make_unique<fb::ActivationT>();
  negate.activation->kind = fb::UnaryKind::Not;
  const ValueId is_token = b->Add(at + "is_token", std::move(negate), {is_padding}, DType::kBool);
  const ValueId tokens = b->Cast(at + "tokens", is_token, i64);
  fb::CumSumT sum;
  sum.axis = 1;
  const ValueId counted = b->Add(at + "counted", sum, {tokens}, i64);
  const ValueId masked = b->Binary(at + "masked", fb::BinaryKind::Mul, counted, tokens, i64);
  return b->Binary(at + "rows", fb::BinaryKind::Add, masked, padding, i64);
}

Result<ValueId> PositionEmbeddings(const EncoderFamily& family, const EncoderConfig& config,
                                   ValueId input_ids, int64_t width, GraphBuilder* b) {
  const ValueId table =
      PARE_TRY(b->Constant(family.position + std::string(".weight"), {-1, width}));
  if (b->graph().ConstantOf(table)->shape[0] < config.first_position + config.positions)
    return Error(Code::kCorrupt, "the table of positions is shorter than config.json says");
  if (family.positions_skip_padding)
    return b->Gather(family.position, table, PositionRows(config, input_ids, b), 0);
  // The first rows, as many as the sequence has: no indices to look up.
  fb::ShapeOfT length;
  length.start = 1;
  length.end = 2;
  const ValueId rows = b->Add("sequence_length", length, {input_ids}, DType::kI64);
  fb::SliceT slice;
  slice.starts = {0};
  slice.axes = {0};
  return b->Add(family.position, std::move(slice), {table, kAbsent, rows});
}

Result<ValueId> Embeddings(const EncoderFamily& family, const EncoderConfig& config,
                           const EncoderInputs& inputs, GraphBuilder* b) {
  // Electra's may be narrower than the layers.
  const bool projected = b->Find("embeddings_project.weight") != nullptr;
  const int64_t columns = projected ? -1 : config.hidden;
  const ValueId words = PARE_TRY(b->Constant(family.word + std::string(".weight"), {-1, columns}));
  const int64_t width = b->graph().ConstantOf(words)->shape[1];
  ValueId sum = b->Gather(family.word, words, inputs.input_ids, 0);
  if (*family.token_type != 0) {
    const ValueId types =
        PARE_TRY(b->Constant(family.token_type + std::string(".weight"), {-1, width}));
    Shape one;
    (void)one.Push(1);
    const ValueId rows = inputs.token_type_ids != kAbsent
                             ? inputs.token_type_ids
                             : b->Integers(family.token_type + std::string(".ids"), one, {0});
    const ValueId type = b->Gather(family.token_type, types, rows, 0);
    sum = b->Binary("embeddings.words_and_types", fb::BinaryKind::Add, sum, type);
  }
  const ValueId positions =
      PARE_TRY(PositionEmbeddings(family, config, inputs.input_ids, width, b));
  sum = b->Binary("embeddings.sum", fb::BinaryKind::Add, sum, positions);
  const ValueId x = PARE_TRY(b->LayerNorm(family.embedding_norm, sum, width, config.epsilon));
  if (!projected) return x;
  return b->Linear("embeddings_project", x, width, config.hidden);
}

// [batch, 1, 1, sequence]: 0 for tokens, kMasked for padding.
ValueId AttentionBias(ValueId attention_mask, GraphBuilder* b) {
  const ValueId tokens = b->Cast("attention_mask.f32", attention_mask, DType::kF32);
  const ValueId one = b->Scalar("one", 1), masked = b->Scalar("attention_mask.masked", kMasked);
  const ValueId padding = b->Binary("attention_mask.padding", fb::BinaryKind::Sub, one, tokens);
  const ValueId bias = b->Binary("attention_mask.bias", fb::BinaryKind::Mul, padding, masked);
  return b->Unsqueeze("attention_bias", bias, {1, 2});
}

Result<ValueId> Layer(const EncoderFamily& family, const EncoderConfig& config,
                      const std::string& at, ValueId x, ValueId bias, GraphBuilder* b) {
  const int64_t hidden = config.hidden;
  const ValueId query = PARE_TRY(b->Linear(at + family.query, x, hidden, hidden));
  const ValueId key = PARE_TRY(b->Linear(at + family.key, x, hidden, hidden));
  const ValueId value = PARE_TRY(b->Linear(at + family.value, x, hidden, hidden));
  fb::AttentionT attention;
  attention.heads = attention.kv_heads = static_cast<int32_t>(config.heads);
  attention.scale = 1 / std::sqrt(static_cast<float>(hidden / config.heads));
  const ValueId mixed = b->Add(at + "attention", attention, {query, key, value, bias});
  ValueId y = PARE_TRY(b->Linear(at + family.attention_output, mixed, hidden, hidden, x));
  y = PARE_TRY(b->LayerNorm(at + family.attention_norm, y, hidden, config.epsilon));

  const Weight* wide = b->Find(at + family.intermediate + ".weight");
  const int64_t inner = wide != nullptr && wide->shape.rank == 2 ? wide->shape[0] : -1;
  const ValueId grown =
      PARE_TRY(b->Linear(at + family.intermediate, y, hidden, inner, kAbsent, config.activation));
  const ValueId shrunk = PARE_TRY(b->Linear(at + family.output, grown, inner, hidden, y));
  return b->LayerNorm(at + family.output_norm, shrunk, hidden, config.epsilon);
}

}  // namespace

Result<EncoderConfig> ReadEncoderConfig(const EncoderFamily& family, const Json& config) {
  PARE_TRY(CheckSettings(config));
  EncoderConfig c;
  c.hidden = IntegerOr(config, family.hidden_key, 0);
  c.heads = IntegerOr(config, family.heads_key, 0);
  c.layers = IntegerOr(config, family.layers_key, 0);
  c.positions = IntegerOr(config, "max_position_embeddings", 0);
  c.padding_id = IntegerOr(config, "pad_token_id", family.positions_skip_padding ? 1 : 0);
  c.epsilon = static_cast<float>(NumberOr(config, family.epsilon_key, 1e-12));
  constexpr int64_t kMost = 1 << 24;
  for (int64_t n : {c.hidden, c.heads, c.layers, c.positions}) {
    if (n < 1 || n > kMost)
      return Error(Code::kCorrupt, "config.json lacks sizes, or gives absurd ones");
  }
  if (c.hidden % c.heads != 0)
    return Error(Code::kCorrupt, "config.json: the hidden size is no multiple of the heads");
  if (family.positions_skip_padding) {
    c.first_position = c.padding_id + 1;
    if (c.padding_id < 0 || c.first_position >= c.positions)
      return Error(Code::kCorrupt, "config.json: pad_token_id leaves no room for positions");
    c.positions -= c.first_position;
  }
  const std::string activation = StringOr(config, family.activation_key, "gelu");
  for (const ActivationName& a : kActivations) {
    if (activation == a.name) {
      c.activation = a.kind;
      return c;
    }
  }
  return Error(Code::kUnsupported, "activation '" + activation + "' is not supported");
}

Result<ValueId> BuildEncoder(const EncoderFamily& family, const EncoderConfig& config,
                             const EncoderInputs& inputs, GraphBuilder* builder) {
  ValueId x = PARE_TRY(Embeddings(family, config, inputs, builder));
  const ValueId bias = AttentionBias(inputs.attention_mask, builder);
  for (int64_t i = 0; i < config.layers; ++i) {
    std::string at = family.layer;
    at.replace(at.find("{}"), 2, std::to_string(i));
    x = PARE_TRY(Layer(family, config, at, x, bias, builder));
  }
  return x;
}

}  // namespace pare::converter
