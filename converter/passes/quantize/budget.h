// What a quantized model may cost, and what its layers cost on a device.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "converter/ir/status.h"

namespace pare::converter {

struct Budget {
  std::optional<double> size;     // at most this share of the bytes of all weights in f32
  std::optional<double> snr;      // at least this many dB of each output, on the calibration data
  std::optional<double> latency;  // at most this share of the time in f32, by the profiles
};

// "size<=0.3,snr>=30,latency<=0.5": any of the three.
Result<Budget> ParseBudget(const std::string& text);

// Times of layers by node name and encoding, as `pare-bench --target-profile` measured them.
class TargetProfile {
 public:
  // Of one file for each encoding of the model; one must be in f32.
  static Result<TargetProfile> Read(const std::vector<std::string>& paths);

  // Microseconds, where they were measured. Encodings of one family ("int4:g32") share theirs.
  std::optional<double> Find(const std::string& node, const std::string& encoding) const;
  // Of the whole model in f32.
  double all_us() const { return all_us_; }

 private:
  std::map<std::string, std::map<std::string, double>> us_;  // by encoding, then node
  double all_us_ = 0;
};

}  // namespace pare::converter
