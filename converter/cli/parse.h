// Values of flags. Each returns an empty optional where the text does not have its form.
#pragma once

#include <optional>
#include <string>

#include "converter/convert.h"

namespace pare::converter {

// NAME=1x3x640x640; -1 is a dimension of any size.
std::optional<ImportOptions::InputShape> ParseShape(const std::string& text);
// NAME=MIN..MAX, or NAME=SIZE.
std::optional<ImportOptions::DimBound> ParseDim(const std::string& text);
// INPUT=OUTPUT.
std::optional<ConvertOptions::State> ParseState(const std::string& text);
// f16, int8, int8-dynamic, int4[:g32|:g64|:g128], nf4.
struct QuantizeFlag {
  WeightFormat storage = WeightFormat::kF32;
  QuantFormat format = QuantFormat::kNone;
  int group = 32;
};
std::optional<QuantizeFlag> ParseQuantize(const std::string& text);
// FOLDER or FOLDER:SCALE; a colon that no number follows belongs to the folder's name.
ImportOptions::Adapter ParseAdapter(const std::string& text);

}  // namespace pare::converter
