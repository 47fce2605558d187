// Where a model breaks, and what to try against it.
#pragma once

#include <string>
#include <vector>

#include "converter/ir/graph.h"

namespace pare::converter {

// How a node computes: "int8" (u8 activations), "int8-dynamic", "int4", "nf4", "f16" (storage),
// "u8" (no weight of its own), "f32".
std::string EncodingOf(const Graph& graph, const Node& node);

// Flags of `pare convert` that may help a layer of that encoding, each with what it does. `name`:
// by which --exclude finds it.
std::vector<std::string> AdviceFor(const std::string& encoding, const std::string& name);

}  // namespace pare::converter
