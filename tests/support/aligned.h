// Memory as kernels want it.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace pare::test {

struct Free {
  void operator()(void* p) const { std::free(p); }
};
using Aligned = std::unique_ptr<void, Free>;

// At least `bytes`, aligned to 64.
inline Aligned Allocate(size_t bytes) {
  return Aligned(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
}

}  // namespace pare::test
