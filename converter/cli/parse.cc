#include "converter/cli/parse.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace pare::converter {
namespace {

// The two sides of the last `separator`; names may contain it themselves, what follows may not.
std::optional<std::pair<std::string, std::string>> SplitLast(const std::string& text,
                                                             char separator) {
  const size_t at = text.rfind(separator);
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) return std::nullopt;
  return std::make_pair(text.substr(0, at), text.substr(at + 1));
}

std::optional<int64_t> ParseInteger(const std::string& text) {
  int64_t value;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<ImportOptions::InputShape> ParseShape(const std::string& text) {
  const auto sides = SplitLast(text, '=');
  if (!sides) return std::nullopt;
  ImportOptions::InputShape shape;
  shape.name = sides->first;
  size_t begin = 0;
  while (begin <= sides->second.size()) {
    size_t end = sides->second.find_first_of("x,", begin);
    if (end == std::string::npos) end = sides->second.size();
    const auto dim = ParseInteger(sides->second.substr(begin, end - begin));
    if (!dim || *dim < -1 || shape.dims.size() == kMaxRank) return std::nullopt;
    shape.dims.push_back(*dim);
    begin = end + 1;
  }
  return shape;
}

std::optional<ImportOptions::DimBound> ParseDim(const std::string& text) {
  const auto sides = SplitLast(text, '=');
  if (!sides) return std::nullopt;
  ImportOptions::DimBound bound;
  bound.name = sides->first;
  const size_t dots = sides->second.find("..");
  const auto min = ParseInteger(sides->second.substr(0, dots));
  const auto max = dots == std::string::npos ? min : ParseInteger(sides->second.substr(dots + 2));
  if (!min || !max || *min < 1 || *max < *min) return std::nullopt;
  bound.min = *min;
  bound.max = *max;
  return bound;
}

std::optional<ConvertOptions::State> ParseState(const std::string& text) {
  const size_t at = text.find('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) return std::nullopt;
  return ConvertOptions::State{text.substr(0, at), text.substr(at + 1)};
}

std::optional<QuantizeFlag> ParseQuantize(const std::string& text) {
  QuantizeFlag flag;
  if (text == "f16") return flag.storage = WeightFormat::kF16, flag;
  if (text == "int8") return flag.format = QuantFormat::kInt8, flag;
  if (text == "int8-dynamic") return flag.format = QuantFormat::kInt8Dynamic, flag;
  if (text == "nf4") return flag.format = QuantFormat::kNf4, flag;
  flag.format = QuantFormat::kInt4;
  if (text == "int4") return flag;
  for (int group : {32, 64, 128}) {
    flag.group = group;
    if (text == "int4:g" + std::to_string(group)) return flag;
  }
  return std::nullopt;
}

ImportOptions::Adapter ParseAdapter(const std::string& text) {
  ImportOptions::Adapter adapter;
  adapter.folder = text;
  const auto sides = SplitLast(text, ':');
  if (!sides) return adapter;
  char* end;
  const float scale = std::strtof(sides->second.c_str(), &end);
  if (*end != '\0' || !std::isfinite(scale)) return adapter;
  adapter.folder = sides->first;
  adapter.scale = scale;
  return adapter;
}

}  // namespace pare::converter
