#include "runtime/kernels/elementwise/lookup.h"

namespace pare {
namespace {

void LookUp(const uint8_t* table, const uint8_t* x, uint8_t* y, size_t n) {
  for (size_t i = 0; i < n; ++i) y[i] = table[x[i]];
}

}  // namespace

extern const LookUpTable kLookUpTableNeon;
const LookUpTable kLookUpTableNeon = {LookUp};

}  // namespace pare
