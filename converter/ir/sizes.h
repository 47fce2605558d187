// Sizes for dimensions that a graph leaves open. Models have conditions that nobody wrote down
// (multiples, a minimum, one height only), so sizes are tried until the runtime can plan the graph.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "converter/ir/engine.h"

namespace pare::converter {

bool HasUnknownSizes(const Graph& graph);

// Engines (plans only) at two assignments of sizes, the second with every size changed that may
// change. One where nothing is unknown.
Status PlanAtTwoSizes(const Graph& graph, std::vector<Engine>* engines);

// A shape for each input, by name, at which the graph can be planned: with `batch` and `size` for
// the dimensions that are open, or with other sizes where it cannot.
Result<std::map<std::string, Shape>> UsableShapes(const Graph& graph, int64_t batch, int64_t size);

}  // namespace pare::converter
