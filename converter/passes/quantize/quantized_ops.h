// Which operators run on quantized values, and how. One table: a row is switched on when the
// runtime has the kernel.
#pragma once

#include <vector>

#include "converter/passes/rewriter.h"

namespace pare::converter {

enum class QuantRole {
  kFloat,
  kLinear,   // a constant weight; makes u8 or f32
  kMove,     // only moves numbers: u8 in and out, with one scale
  kCompute,  // u8 in and out, each with its own scale
};

QuantRole QuantRoleOf(const Graph& graph, const Node& node);

// The inputs that are quantized where the node is; of a linear node all but its weight and bias.
std::vector<size_t> QuantInputs(const Node& node);

// Whether a node can apply its fused activation, if any, to a quantized result.
bool ActivationFitsU8(Node* node);

// A node with a weight that quantizing is about: the report has a line for it.
bool HasLayerWeight(const Node& node);

// Why such a node cannot have an int8 weight, or null: constant text.
const char* WhyNoInt8(const Graph& graph, const Node& node);

}  // namespace pare::converter
