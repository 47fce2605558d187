#include "converter/import/safetensors/pooling.h"

#include "converter/import/safetensors/json.h"

namespace pare::converter {
namespace {

namespace fs = std::filesystem;

std::string Last(const std::string& dotted) { return dotted.substr(dotted.find_last_of('.') + 1); }

class Pooling {
 public:
  Pooling(ValueId hidden, ValueId mask, GraphBuilder* b) : hidden_(hidden), b_(*b) {
    tokens_ = b_.Cast("pooling.tokens", mask, DType::kF32);  // [batch, sequence]
    column_ = b_.Unsqueeze("pooling.column", tokens_, {2});  // [batch, sequence, 1]
  }

  Result<ValueId> Build(const Json& config) {
    std::vector<ValueId> parts;
    if (BoolOr(config, "pooling_mode_cls_token", false)) parts.push_back(First());
    if (BoolOr(config, "pooling_mode_max_tokens", false)) parts.push_back(Largest());
    if (BoolOr(config, "pooling_mode_mean_tokens", false)) parts.push_back(Mean(false));
    if (BoolOr(config, "pooling_mode_mean_sqrt_len_tokens", false)) parts.push_back(Mean(true));
    for (const char* other : {"pooling_mode_weightedmean_tokens", "pooling_mode_lasttoken"}) {
      if (BoolOr(config, other, false))
        return Error(Code::kUnsupported, std::string("pooling '") + other + "' is not supported");
    }
    if (parts.empty()) return Error(Code::kCorrupt, "the pooling's config.json names no mode");
    if (parts.size() == 1) return parts[0];
    fb::ConcatT concat;
    concat.axis = 1;
    return b_.Add("pooling.concat", concat, std::move(parts));
  }

 private:
  ValueId First() {
    return b_.Gather("pooling.cls", hidden_, b_.Integers("pooling.first", Shape(), {0}), 1);
  }

  ValueId Largest() {
    const ValueId is_token = b_.Cast("pooling.is_token", column_, DType::kBool);
    const ValueId low = b_.Scalar("pooling.low", -1e9f);
    const ValueId kept = b_.Add("pooling.kept", fb::WhereT(), {is_token, hidden_, low});
    return b_.Reduce("pooling.max", fb::ReduceKind::Max, kept, 1, false);
  }

  // The sum over tokens, by their number or by its root.
  ValueId Mean(bool root) {
    const std::string at = root ? "pooling.mean_sqrt" : "pooling.mean";
    const ValueId kept = b_.Binary(at + ".kept", fb::BinaryKind::Mul, hidden_, column_);
    const ValueId sum = b_.Reduce(at + ".sum", fb::ReduceKind::Sum, kept, 1, false);
    const ValueId count = b_.Reduce(at + ".count", fb::ReduceKind::Sum, tokens_, 1, true);
    ValueId length =
        b_.Binary(at + ".length", fb::BinaryKind::Max, count, b_.Scalar(at + ".least", 1e-9f));
    if (root) {
      fb::UnaryT op;
      op.activation = std::make_unique<fb::ActivationT>();
      op.activation->kind = fb::UnaryKind::Sqrt;
      length = b_.Add(at + ".root", std::move(op), {length});
    }
    return b_.Binary(at, fb::BinaryKind::Div, sum, length);
  }

  ValueId hidden_, tokens_ = kAbsent, column_ = kAbsent;
  GraphBuilder& b_;
};

Result<ValueId> Dense(const fs::path& folder, ValueId x, Graph* graph) {
  const Json config = PARE_TRY(ReadJson(folder / "config.json"));
  const TensorMap tensors = PARE_TRY(ReadSafetensorsFolder(folder));
  const std::string function = Last(StringOr(config, "activation_function", "Identity"));
  fb::UnaryKind activation = fb::UnaryKind::None;
  if (function == "Tanh") {
    activation = fb::UnaryKind::Tanh;
  } else if (function == "ReLU") {
    activation = fb::UnaryKind::Relu;
  } else if (function == "GELU") {
    activation = fb::UnaryKind::Gelu;
  } else if (function != "Identity") {
    return Error(Code::kUnsupported, "Dense with activation '" + function + "' is not supported");
  }
  GraphBuilder builder(graph, &tensors, "");
  return builder.Linear("linear", x, IntegerOr(config, "in_features", -1),
                        IntegerOr(config, "out_features", -1), kAbsent, activation);
}

Result<ValueId> AddModule(const fs::path& folder, const std::string& type, ValueId x,
                          ValueId attention_mask, GraphBuilder* b) {
  if (type == "Pooling") {
    const Json config = PARE_TRY(ReadJson(folder / "config.json"));
    return Pooling(x, attention_mask, b).Build(config);
  }
  if (type == "Normalize") {
    fb::LpNormT op;
    op.axis = -1;
    op.p = 2;
    return b->Add("normalize", op, {x});
  }
  if (type == "Dense") return Dense(folder, x, &b->graph());
  return Error(Code::kUnsupported, "module '" + type + "' of modules.json is not supported");
}

}  // namespace

Result<ValueId> BuildPooling(const fs::path& folder, ValueId hidden_state, ValueId attention_mask,
                             GraphBuilder* builder) {
  std::error_code error;
  if (!fs::exists(folder / "modules.json", error)) {
    if (!fs::exists(folder / "1_Pooling" / "config.json", error)) return ValueId{kAbsent};
    return AddModule(folder / "1_Pooling", "Pooling", hidden_state, attention_mask, builder);
  }
  const Json modules = PARE_TRY(ReadJson(folder / "modules.json"));
  ValueId x = hidden_state;
  for (const Json& module : modules) {
    const std::string type = module.is_object() ? Last(StringOr(module, "type", "?")) : "?";
    const std::string path = module.is_object() ? StringOr(module, "path", "") : "";
    if (path.find('/') != std::string::npos || path == "..")
      return Error(Code::kCorrupt, "modules.json names a folder elsewhere");
    if (type != "Transformer")
      x = PARE_TRY(AddModule(folder / path, type, x, attention_mask, builder));
  }
  return x == hidden_state ? ValueId{kAbsent} : x;
}

}  // namespace pare::converter
