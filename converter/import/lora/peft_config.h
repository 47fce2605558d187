// adapter_config.json of a PEFT adapter: what of it decides how the adapter merges.
#pragma once

#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "converter/import/safetensors/json.h"

namespace pare::converter {

struct PeftConfig {
  // Names a set of modules: a list of names (the module's path is one, or ends in ".name"), or a
  // regular expression for the whole path.
  struct Targets {
    std::vector<std::string> names;
    std::optional<std::regex> pattern;
    bool all_linear = false;  // PEFT's own rule: what the adapter has is right
    bool Match(const std::string& module) const;
  };
  // Values for modules whose path, or its end, matches a pattern; the first that matches counts.
  using Exceptions = std::vector<std::pair<std::regex, double>>;

  double rank = 0, alpha = 0;
  Exceptions ranks, alphas;
  bool rank_stabilized = false;  // alpha / sqrt(r)
  bool fan_in_fan_out = false;   // weights are stored [inputs, outputs]
  bool dora = false;
  bool trains_bias = false;  // "all" or "lora_only"
  Targets targets, excluded;
  std::vector<int64_t> layers;  // layers_to_transform; empty: all
  std::vector<std::string> modules_to_save;

  double RankOf(const std::string& module) const;
  // What B A is multiplied by, for a module of that rank.
  double ScaleOf(const std::string& module, double rank_of_module) const;
  // Whether the adapter was made for that module of the model.
  bool IsTarget(const std::string& module) const;
};

// Keys that only training reads are ignored; those that change the result in ways that merging does
// not follow are refused.
Result<PeftConfig> ReadPeftConfig(const Json& json);

}  // namespace pare::converter
