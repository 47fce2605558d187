// Sharing an operator's work among the threads of the run.
#pragma once

#include "runtime/ops/op.h"

namespace pare {

// Work that a task should have at least, in elements of 4 bytes, and what a call should have before
// it is shared at all: waking a thread takes some microseconds.
inline constexpr size_t kGrain = 8192;
inline constexpr int64_t kWorthSharing = 65536;

// Runs f(begin, end, thread) on ranges of [0, count), each of at least kGrain elements where one
// item is worth `cost` elements.
template <class F>
void ParallelRange(const RunContext& context, int64_t count, int64_t cost, const F& f) {
  if (count <= 0) return;
  const size_t n = static_cast<size_t>(count);
  if (context.threads == nullptr || (cost < kWorthSharing && count * cost < kWorthSharing)) {
    return f(size_t{0}, n, size_t{0});
  }
  const size_t each = cost > 0 ? static_cast<size_t>(cost) : 1;
  context.threads->ForRange(n, each >= kGrain ? 1 : kGrain / each, f);
}

}  // namespace pare
