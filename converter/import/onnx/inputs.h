// The inputs of an ONNX model: types, symbolic dimensions, and what the user says of them.
#pragma once

#include "converter/import/import.h"
#include "converter/import/onnx/context.h"

namespace pare::converter {

// Adds the graph inputs that are no initializers, with their symbols, to the scope's graph.
Status ImportInputs(const GraphProto& graph, const ImportOptions& options, Scope* scope);

}  // namespace pare::converter
