// JSON files of a model folder: parsed without exceptions, read with a type and a default.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "converter/ir/status.h"

namespace pare::converter {

using Json = nlohmann::json;

// An object or a list. kNotFound, kIo, or kCorrupt where the text is neither or is nested absurdly
// deep.
Result<Json> ReadJson(const std::filesystem::path& path);
Result<Json> ParseJson(const char* text, size_t size, const std::string& name);

// The member `key`, or `fallback` where it is absent or of another type.
inline int64_t IntegerOr(const Json& j, const char* key, int64_t fallback) {
  const auto it = j.find(key);
  return it != j.end() && it->is_number_integer() ? it->get<int64_t>() : fallback;
}
inline double NumberOr(const Json& j, const char* key, double fallback) {
  const auto it = j.find(key);
  return it != j.end() && it->is_number() ? it->get<double>() : fallback;
}
inline bool BoolOr(const Json& j, const char* key, bool fallback) {
  const auto it = j.find(key);
  return it != j.end() && it->is_boolean() ? it->get<bool>() : fallback;
}
inline std::string StringOr(const Json& j, const char* key, const std::string& fallback) {
  const auto it = j.find(key);
  return it != j.end() && it->is_string() ? it->get<std::string>() : fallback;
}
// The member is there and says something: not null, false, or empty.
inline bool IsSet(const Json& j, const char* key) {
  const auto it = j.find(key);
  if (it == j.end() || it->is_null()) return false;
  if (it->is_boolean()) return it->get<bool>();
  return !it->empty();
}

}  // namespace pare::converter
