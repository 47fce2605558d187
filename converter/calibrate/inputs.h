// Inputs to run a model on while it is converted: given ones, or made up from what the graph says
// of its inputs.
#pragma once

#include <vector>

#include "converter/ir/engine.h"
#include "converter/ir/graph.h"
#include "converter/ir/status.h"
#include "runtime/tools/npz.h"

namespace pare::converter {

// One array for each input of a graph, by name.
using Sample = std::vector<tools::Array>;

// Whether a session has to be planned with the array's values: small integers may decide sizes.
bool MayDecideSizes(const tools::Array& array);
// Lets a session be planned for input `name` as the array gives it, which must outlive the options.
void PlanFor(const std::string& name, const tools::Array& array, EngineOptions* options);
// Copies the array to the input's memory. kShape where its type or size is not the input's.
Status WriteInput(const tools::Array& array, const Tensor& input);

// An array for the input, of that shape, by its kind: a picture (strokes, patches or noise in turn
// of the seed), a sound, normal numbers; indices within the table that they index; masks 1.
Result<tools::Array> MakeUpInput(const Graph& graph, ValueId input, const Shape& shape,
                                 uint64_t seed);

// Made-up samples, at sizes at which the graph can be planned.
Result<std::vector<Sample>> MakeUpSamples(const Graph& graph);

}  // namespace pare::converter
