// From what a value was seen to be to the range that its u8 form covers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "converter/calibrate/histogram.h"

namespace pare::converter {

enum class RangeMethod {
  kAuto,           // that of the others which moves the outputs least
  kMinMax,         // all that was seen
  kMovingAverage,  // exponential mean of the runs' least and largest numbers
  kPercentile,     // all but a share of the numbers at either end
  kEntropy,  // the least Kullback-Leibler divergence (Migacz, "8-bit Inference with TensorRT",
             // 2017)
  kMse,      // the least mean squared error
};

struct RangeOptions {
  RangeMethod method = RangeMethod::kAuto;
  double percentile = 99.99;
};

// auto, minmax, average, percentile[:P] with 50 < P <= 100, entropy, mse; empty for anything else.
std::optional<RangeOptions> ParseRangeMethod(const std::string& text);
std::string RangeMethodText(const RangeOptions& options);

struct Range {
  double low = 0, high = 0;  // low <= 0 <= high: zero must have a code of its own
};

// How real numbers become u8: real = scale * (q - zero_point).
struct QuantParams {
  float scale = 0;
  int32_t zero_point = 0;
};
QuantParams ParamsOf(const Range& range);

// What is known of a value after all runs.
class Observation {
 public:
  // One run's numbers. False where one is not finite.
  bool Add(const float* x, size_t n);
  uint64_t count() const { return histogram_.count(); }
  Range RangeBy(const RangeOptions& options) const;

 private:
  Histogram histogram_;
  double average_low_ = 0, average_high_ = 0;
};

}  // namespace pare::converter
