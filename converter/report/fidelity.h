// How close two arrays of numbers are, as the reports on compression quality say it.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/core/tensor.h"

namespace pare::converter {

struct Fidelity {
  double snr_db = 0;  // 10 log10(sum a^2 / sum (a - b)^2); infinite where equal
  double cosine = 1;
  double max_error = 0;    // largest |a - b|
  double max_value = 0;    // largest |a|
  int64_t not_finite = 0;  // elements where exactly one is finite, or both are but differ in kind
};

// `reference` and `other` have the same size.
Fidelity Compare(const std::vector<double>& reference, const std::vector<double>& other);

// The elements of any type as doubles.
std::vector<double> ToDoubles(const Tensor& tensor);

}  // namespace pare::converter
