#include "converter/passes/quantize/budget.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "converter/report/table.h"

namespace pare::converter {
namespace {

using Json = nlohmann::json;

constexpr char kSchema[] = "pare-target-profile";
constexpr int kVersion = 1;

// One word of a budget.
Status ParseLimit(const std::string& word, Budget* budget) {
  struct Key {
    const char* name;
    const char* compare;
    std::optional<double> Budget::*limit;
  };
  constexpr Key kKeys[] = {{"size", "<=", &Budget::size},
                           {"snr", ">=", &Budget::snr},
                           {"latency", "<=", &Budget::latency}};
  const size_t at = word.find_first_of("<>=");
  const std::string name = word.substr(0, at);
  for (const Key& key : kKeys) {
    if (name != key.name) continue;
    char* end = nullptr;
    const std::string number =
        at == std::string::npos || word.compare(at, 2, key.compare) != 0 ? "" : word.substr(at + 2);
    const double limit = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0' || !std::isfinite(limit) || limit <= 0)
      return Error(Code::kInvalidArgument,
                   "'" + word + "' is not of the form " + key.name + key.compare + "NUMBER");
    if ((budget->*key.limit).has_value())
      return Error(Code::kInvalidArgument, std::string(key.name) + " is given twice");
    budget->*key.limit = limit;
    return Ok();
  }
  return Error(Code::kInvalidArgument, "'" + name +
                                           "' is no key of a budget; size<=SHARE, "
                                           "snr>=DB and latency<=SHARE are");
}

// "matmul_f32_qd8_qs8t16_...": the types of a kernel say how its layer is encoded.
std::string EncodingOfKernel(const std::string& kernel) {
  const auto has = [&](const char* type) { return kernel.find(type) != std::string::npos; };
  if (has("_nf4")) return "nf4";
  if (has("_qs4") || has("_qu4")) return "int4";
  if (has("_qd8")) return "int8-dynamic";
  return has("_qs8") ? "int8" : "f32";
}

// A member that is text, or "".
std::string TextOf(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<Json> ReadProfile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Error(Code::kIo, path + ": cannot read it");
  Json json = Json::parse(file, nullptr, false);
  if (TextOf(json, "schema") != kSchema || !json.contains("steps"))
    return Error(Code::kCorrupt, path + ": no profile; pare-bench --target-profile writes one");
  if (json.value("version", Json()) != Json(kVersion))
    return Error(Code::kUnsupported, path + ": a profile of another version; measure again with " +
                                         "the pare-bench of this version");
  return json;
}

}  // namespace

Result<Budget> ParseBudget(const std::string& text) {
  Budget budget;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    PARE_TRY(ParseLimit(text.substr(begin, end - begin), &budget));
    begin = end + 1;
  }
  return budget;
}

Result<TargetProfile> TargetProfile::Read(const std::vector<std::string>& paths) {
  TargetProfile profile;
  for (const std::string& path : paths) {
    const Json json = PARE_TRY(ReadProfile(path));
    double all = 0;
    bool quantized = false;
    for (const Json& step : json["steps"]) {
      const std::string encoding = EncodingOfKernel(TextOf(step, "kernel"));
      const auto us = step.is_object() ? step.find("us") : step.end();
      if (us == step.end() || !us->is_number())
        return Error(Code::kCorrupt, path + ": a step has no time");
      all += us->get<double>();
      quantized |= encoding != "f32";
      profile.us_[encoding].emplace(TextOf(step, "node"), us->get<double>());
    }
    if (!quantized) profile.all_us_ = all;
  }
  if (profile.all_us_ <= 0)
    return Error(Code::kNotFound,
                 "--target: no profile is of the model in f32; run pare-bench --target-profile on "
                 "the model as it is without --quantize, too");
  return profile;
}

std::optional<double> TargetProfile::Find(const std::string& node,
                                          const std::string& encoding) const {
  const auto times = us_.find(encoding.substr(0, encoding.find(':')));
  if (times == us_.end()) return std::nullopt;
  const auto found = times->second.find(node);
  return found == times->second.end() ? std::nullopt : std::optional<double>(found->second);
}

}  // namespace pare::converter
