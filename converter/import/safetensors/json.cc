#include "converter/import/safetensors/json.h"

#include "converter/import/mapped_file.h"

namespace pare::converter {
namespace {

// The parser recurses, so brackets deeper than any sane file are refused before it runs.
bool TooDeep(const char* text, size_t size) {
  constexpr int kDeepest = 64;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < size; ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepest) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> ParseJson(const char* text, size_t size, const std::string& name) {
  if (TooDeep(text, size)) return Error(Code::kCorrupt, name + ": JSON is nested too deep");
  Json json = Json::parse(text, text + size, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_structured())
    return Error(Code::kCorrupt, name + ": is no JSON object or list");
  return json;
}

Result<Json> ReadJson(const std::filesystem::path& path) {
  const Bytes bytes = PARE_TRY(MapFile(path));
  return ParseJson(reinterpret_cast<const char*>(bytes.data), bytes.size, path.string());
}

}  // namespace pare::converter
