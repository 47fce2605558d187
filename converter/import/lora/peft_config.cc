#include "converter/import/lora/peft_config.h"

#include <algorithm>
#include <cmath>

namespace pare::converter {
namespace {

constexpr size_t kLongestPattern = 4096, kLongestName = 512;

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// std::regex reports errors by throwing; this is the only place that catches.
Result<std::regex> Compile(const std::string& pattern) {
  const Status broken =
      Error(Code::kCorrupt, "'" + pattern.substr(0, 80) + "' is no regular expression");
  if (pattern.size() > kLongestPattern) return broken;
  try {
    return std::regex(pattern, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error&) {
    return broken;
  }
}

bool FullMatch(const std::string& text, const std::regex& pattern) {
  if (text.size() > kLongestName) return false;
  try {
    return std::regex_match(text, pattern);
  } catch (const std::regex_error&) {
    return false;
  }
}

Result<PeftConfig::Targets> ReadTargets(const Json& json, const char* key) {
  PeftConfig::Targets targets;
  const auto it = json.find(key);
  if (it == json.end() || it->is_null()) return targets;
  if (it->is_string()) {
    const auto& text = it->get_ref<const std::string&>();
    targets.all_linear = text == "all-linear";
    if (!targets.all_linear) targets.pattern = PARE_TRY(Compile(text));
    return targets;
  }
  if (!it->is_array()) return Error(Code::kCorrupt, std::string(key) + " is no list");
  for (const Json& name : *it) {
    if (!name.is_string()) return Error(Code::kCorrupt, std::string(key) + " is no list of names");
    targets.names.push_back(name.get<std::string>());
  }
  return targets;
}

Result<PeftConfig::Exceptions> ReadExceptions(const Json& json, const char* key) {
  PeftConfig::Exceptions exceptions;
  const auto it = json.find(key);
  if (it == json.end() || !it->is_object()) return exceptions;
  for (const auto& [pattern, value] : it->items()) {
    if (!value.is_number()) return Error(Code::kCorrupt, std::string(key) + " is no number");
    std::regex compiled = PARE_TRY(Compile("(.*\\.)?(" + pattern + ")"));
    exceptions.emplace_back(std::move(compiled), value.get<double>());
  }
  return exceptions;
}

double Lookup(const PeftConfig::Exceptions& exceptions, const std::string& module,
              double fallback) {
  for (const auto& [pattern, value] : exceptions) {
    if (FullMatch(module, pattern)) return value;
  }
  return fallback;
}

// Settings that change what the merged weights are, in ways that Pare does not follow.
Status CheckSettings(const Json& json) {
  const std::string type = StringOr(json, "peft_type", "LORA");
  if (type != "LORA")
    return Error(Code::kUnsupported,
                 "adapters of type " + type + " are not supported; only LORA is");
  for (const char* key : {"layer_replication", "alora_invocation_tokens", "use_qalora",
                          "trainable_token_indices", "target_parameters", "arrow_config"}) {
    if (IsSet(json, key))
      return Error(Code::kUnsupported, std::string("'") + key + "' is not supported");
  }
  const std::string start = StringOr(json, "init_lora_weights", "");
  for (const char* residual : {"pissa", "olora", "corda", "loftq"}) {
    if (start.compare(0, std::string(residual).size(), residual) == 0)
      return Error(Code::kUnsupported,
                   "init_lora_weights '" + start +
                       "' changes the model's own weights; save the adapter with "
                       "path_initial_model_for_weight_conversion first");
  }
  return Ok();
}

// The number after the last ".layers." or the like: the first number in the path.
int64_t LayerOf(const std::string& module) {
  size_t at = 0;
  while (at < module.size()) {
    const size_t end = std::min(module.find('.', at), module.size());
    const std::string part = module.substr(at, end - at);
    if (!part.empty() && part.size() < 9 &&
        part.find_first_not_of("0123456789") == std::string::npos)
      return std::stoll(part);
    at = end + 1;
  }
  return -1;
}

}  // namespace

bool PeftConfig::Targets::Match(const std::string& module) const {
  if (pattern.has_value()) return FullMatch(module, *pattern);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return module == name || EndsWith(module, "." + name);
  });
}

double PeftConfig::RankOf(const std::string& module) const { return Lookup(ranks, module, rank); }

double PeftConfig::ScaleOf(const std::string& module, double rank_of_module) const {
  const double a = Lookup(alphas, module, alpha);
  return a / (rank_stabilized ? std::sqrt(rank_of_module) : rank_of_module);
}

bool PeftConfig::IsTarget(const std::string& module) const {
  if (!targets.Match(module) || excluded.Match(module)) return false;
  return layers.empty() || std::find(layers.begin(), layers.end(), LayerOf(module)) != layers.end();
}

Result<PeftConfig> ReadPeftConfig(const Json& json) {
  PARE_TRY(CheckSettings(json));
  PeftConfig c;
  c.rank = NumberOr(json, "r", 8);
  c.alpha = NumberOr(json, "lora_alpha", 8);
  if (!(c.rank >= 1) || !std::isfinite(c.alpha))
    return Error(Code::kCorrupt, "r and lora_alpha are no sensible numbers");
  c.ranks = PARE_TRY(ReadExceptions(json, "rank_pattern"));
  c.alphas = PARE_TRY(ReadExceptions(json, "alpha_pattern"));
  c.rank_stabilized = BoolOr(json, "use_rslora", false);
  c.fan_in_fan_out = BoolOr(json, "fan_in_fan_out", false);
  c.dora = BoolOr(json, "use_dora", false);
  c.trains_bias = StringOr(json, "bias", "none") != "none";
  c.targets = PARE_TRY(ReadTargets(json, "target_modules"));
  c.excluded = PARE_TRY(ReadTargets(json, "exclude_modules"));
  const PeftConfig::Targets saved = PARE_TRY(ReadTargets(json, "modules_to_save"));
  c.modules_to_save = saved.names;
  const auto layers = json.find("layers_to_transform");
  if (layers != json.end() && layers->is_number_integer()) c.layers = {layers->get<int64_t>()};
  if (layers != json.end() && layers->is_array()) {
    for (const Json& layer : *layers) {
      if (layer.is_number_integer()) c.layers.push_back(layer.get<int64_t>());
    }
  }
  return c;
}

}  // namespace pare::converter
