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

// Takes pairs of arrays and says how close all of them are.
class FidelityMeter {
 public:
  // Of the same size.
  void Add(const std::vector<double>& reference, const std::vector<double>& other);
  Fidelity Result() const;

 private:
  double aa_ = 0, bb_ = 0, ab_ = 0, noise_ = 0;
  double max_error_ = 0, max_value_ = 0;
  int64_t not_finite_ = 0;
};

// Of one pair.
Fidelity Compare(const std::vector<double>& reference, const std::vector<double>& other);

// The elements of any type as doubles; of a quantized one, what they stand for.
std::vector<double> ToDoubles(const Tensor& tensor);

}  // namespace pare::converter
