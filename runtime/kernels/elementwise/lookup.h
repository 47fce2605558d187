// Bytes by a table.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pare {

// y[i] = table[x[i]] for i < n; y may be x. table has 256 bytes, aligned to 64.
using LookUpFn = void (*)(const uint8_t* table, const uint8_t* x, uint8_t* y, size_t n);

struct LookUpTable {
  LookUpFn run;
};

// For the best instruction set of `cpu`.
LookUpFn SelectLookUp(uint32_t cpu);

}  // namespace pare
