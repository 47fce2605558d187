// Passes between calibrating and quantizing: they decide, or change the graph, so that int8 costs
// less. Each file says how.
#pragma once

#include "converter/passes/pass.h"

namespace pare::converter {

Status CorrectBias(Graph& graph, const Options& options);
Status KeepCostly(Graph& graph, const Options& options);

}  // namespace pare::converter
