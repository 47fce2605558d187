// The meaning of verified FlatBuffers metadata: every number that the runtime later trusts.
#pragma once

#include <cstdint>

#include "runtime/core/status.h"

namespace pare {

namespace fb {
struct Model;
}

// Stands for "the weights are not in a file": offsets are not looked at.
inline constexpr uint64_t kNoSegment = UINT64_MAX;

// kCorrupt, or kUnsupported for an operator that this build lacks. After Ok: graphs, values, nodes,
// inputs and outputs are present (perhaps empty); every index is in range; nodes are in topological
// order and each value has one origin; node arities fit the operator; a body is a later graph than
// its node's; weights have the bytes that their layout, type and shape need, aligned, inside a
// segment of `segment_bytes`.
Status VerifyMeaning(const fb::Model& model, uint64_t segment_bytes);

}  // namespace pare
