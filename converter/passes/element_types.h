// Element types of a graph that no shapes are known of yet: they follow from the operators alone.
#pragma once

#include "converter/ir/graph.h"

namespace pare::converter {

// Sets the dtype of every value that a node makes, in the graph and its bodies, from those of the
// inputs and weights.
void InferElementTypes(Graph& graph);

}  // namespace pare::converter
