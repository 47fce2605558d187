// The memory planner: which values share memory, and where each lies.
#pragma once

#include <cstdint>

#include "runtime/core/arena.h"
#include "runtime/core/status.h"
#include "runtime/plan/plan.h"

namespace pare {

// Gives each buffer an offset so that no two that are alive at the same step overlap: largest
// first, each at the lowest gap that fits (greedy by size, as in Pisarchyk and Lee, "Efficient
// Memory Management for Deep Neural Net Inference", 2020). Where that takes more than what is alive
// at some step, it is tried again with the buffer that ended last placed first. Sets *total to the
// bytes of all. Temporary indices come from `arena`.
Status PlaceBuffers(Buffer* buffers, uint32_t count, Arena& arena, uint64_t* total);

}  // namespace pare
