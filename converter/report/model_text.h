// What `pare inspect` prints of an opened file, section by section.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "runtime/core/span.h"
#include "runtime/model/model.h"

namespace pare::converter {

// The bytes of the file that the model was opened from.
using FileSpan = Span<const std::byte>;

// Sizes, entry points, symbols, metadata, and how often each operator occurs.
std::string SummaryText(const std::string& path, const Model& model, FileSpan file);
// Inputs, outputs, states and nodes of every graph, with shapes.
std::string GraphText(const Model& model);
// Name, type, shape, layout, bytes, checksum of each weight.
std::string WeightsText(const Model& model);
// Every byte range of the file in order, gaps named.
std::string MapText(const Model& model, FileSpan file);
// The names of the operators that the model uses, in the schema's order.
std::vector<std::string> OpNames(const Model& model);
// The kinds of functions that these need, "UnaryKind:Clip", activations included, and the layouts
// of the weights, "Layout:T16".
std::vector<std::string> KindNames(const Model& model);

// Checks every weight and asset; returns the names of the damaged.
std::vector<std::string> FindDamage(const Model& model);

// All of the above.
nlohmann::ordered_json ModelJson(const std::string& path, const Model& model, FileSpan file);

// Two blanks a level; bytes that are no UTF-8 become U+FFFD.
inline std::string DumpJson(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace pare::converter
