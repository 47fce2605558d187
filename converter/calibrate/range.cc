#include "converter/calibrate/range.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace pare::converter {
namespace {

constexpr double kMomentum = 0.1;  // of the moving average, for each run
constexpr int kCodes = 256;

Range WithZero(double low, double high) { return {std::min(low, 0.0), std::max(high, 0.0)}; }

Range Percentile(const Histogram& h, double percentile) {
  const double outside = static_cast<double>(h.count()) * (1 - percentile / 100);
  const std::vector<uint64_t>& bins = h.bins();
  const auto size = bins.size();
  size_t first = 0, last = size - 1;
  for (double seen = static_cast<double>(bins[0]); seen <= outside && first + 1 < size;)
    seen += static_cast<double>(bins[++first]);
  for (double seen = static_cast<double>(bins[size - 1]); seen <= outside && last > 0;)
    seen += static_cast<double>(bins[--last]);
  const double low = h.Center(first) - h.width() / 2, high = h.Center(last) + h.width() / 2;
  return WithZero(std::max(low, double{h.least()}), std::min(high, double{h.largest()}));
}

// Squared error of all numbers, each taken as its bin's centre.
double SquaredError(const Histogram& h, const Range& range) {
  const double scale = (range.high - range.low) / (kCodes - 1);
  double error = 0;
  for (size_t i = 0; i < h.bins().size(); ++i) {
    if (h.bins()[i] == 0) continue;
    const double x = h.Center(i);
    const double bounded = std::clamp(x, range.low, range.high);
    const double nearest = range.low + scale * std::nearbyint((bounded - range.low) / scale);
    error += static_cast<double>(h.bins()[i]) * (x - nearest) * (x - nearest);
  }
  return error;
}

// One end after the other is drawn in as long as the error shrinks.
Range LeastSquaredError(const Histogram& h) {
  constexpr int kSteps = 64;
  const Range all = WithZero(h.least(), h.largest());
  Range best = all;
  double least = std::numeric_limits<double>::infinity();
  const auto try_range = [&](const Range& range) {
    if (!(range.high > range.low)) return;
    const double error = SquaredError(h, range);
    if (error < least) {
      least = error;
      best = range;
    }
  };
  try_range(all);
  for (int round = 0; round < 2; ++round) {
    const Range start = best;
    for (int i = 1; i <= kSteps; ++i) try_range({start.low, all.high * i / kSteps});
    const double high = best.high;
    for (int i = 1; i <= kSteps; ++i) try_range({all.low * i / kSteps, high});
  }
  return best;
}

// Divergence of the distribution clipped to its first `kept` bins from that with `levels` levels.
double Divergence(const std::vector<double>& bins, size_t kept, size_t levels, double total) {
  double tail = 0;
  for (size_t i = kept; i < bins.size(); ++i) tail += bins[i];
  double divergence = 0;
  for (size_t level = 0; level < levels; ++level) {
    const size_t begin = level * kept / levels, end = (level + 1) * kept / levels;
    double sum = 0, filled = 0;
    for (size_t i = begin; i < end; ++i) {
      sum += bins[i];
      filled += bins[i] > 0 ? 1 : 0;
    }
    if (filled == 0) continue;
    const double q = sum / filled / total;
    for (size_t i = begin; i < end; ++i) {
      double p = bins[i] / total;
      if (i + 1 == kept) p += tail / total;  // what is clipped lies in the last bin
      if (p > 0) divergence += p * std::log(p / (bins[i] > 0 ? q : 1e-12));
    }
  }
  return divergence;
}

Range LeastDivergence(const Histogram& h) {
  // Of magnitudes; numbers of both signs share the codes.
  std::vector<double> bins(Histogram::kSide, 0.0);
  for (size_t i = 0; i < h.bins().size(); ++i) {
    const int side = static_cast<int>(i) - Histogram::kSide;
    bins[static_cast<size_t>(side >= 0 ? side : -1 - side)] += static_cast<double>(h.bins()[i]);
  }
  bins[0] = bins.size() > 1 ? bins[1] : 0;  // zeros are exact whatever the range
  double total = 0;
  for (double bin : bins) total += bin;
  const double reach = std::max(std::fabs(double{h.least()}), std::fabs(double{h.largest()}));
  if (total == 0 || h.width() == 0) return WithZero(h.least(), h.largest());
  const auto used = std::min(static_cast<size_t>(std::ceil(reach / h.width())), bins.size());
  const size_t levels = h.least() < 0 && h.largest() > 0 ? kCodes / 2 : kCodes;
  size_t best = used;
  double least = std::numeric_limits<double>::infinity();
  for (size_t kept = levels; kept <= used; kept += 8) {
    const double divergence = Divergence(bins, kept, levels, total);
    if (divergence < least) {
      least = divergence;
      best = kept;
    }
  }
  const double limit = static_cast<double>(best) * h.width();
  return WithZero(std::max(double{h.least()}, -limit), std::min(double{h.largest()}, limit));
}

}  // namespace

std::optional<RangeOptions> ParseRangeMethod(const std::string& text) {
  RangeOptions options;
  if (text == "auto") return options;
  if (text == "minmax") return options.method = RangeMethod::kMinMax, options;
  if (text == "average") return options.method = RangeMethod::kMovingAverage, options;
  if (text == "entropy") return options.method = RangeMethod::kEntropy, options;
  if (text == "mse") return options.method = RangeMethod::kMse, options;
  const std::string name = "percentile";
  if (text.compare(0, name.size(), name) != 0) return std::nullopt;
  options.method = RangeMethod::kPercentile;
  if (text == name) return options;
  char* end = nullptr;
  options.percentile = text[name.size()] == ':' && text.size() > name.size() + 1
                           ? std::strtod(text.c_str() + name.size() + 1, &end)
                           : 0;
  if (end == nullptr || *end != '\0' || !(options.percentile > 50 && options.percentile <= 100))
    return std::nullopt;
  return options;
}

std::string RangeMethodText(const RangeOptions& options) {
  switch (options.method) {
    case RangeMethod::kAuto: return "auto";
    case RangeMethod::kMinMax: return "minmax";
    case RangeMethod::kMovingAverage: return "average";
    case RangeMethod::kEntropy: return "entropy";
    case RangeMethod::kMse: return "mse";
    case RangeMethod::kPercentile: break;
  }
  std::string number = std::to_string(options.percentile);
  number.erase(number.find_last_not_of('0') + 1);
  if (number.back() == '.') number.pop_back();
  return "percentile:" + number;
}

QuantParams ParamsOf(const Range& range) {
  // The least scale that a file may hold, and a value that is always zero gets any.
  constexpr double kLeastScale = 1e-18;
  const double scale = (range.high - range.low) / (kCodes - 1);
  if (scale < kLeastScale) return {1, 0};
  QuantParams params;
  params.scale = static_cast<float>(scale);
  params.zero_point = static_cast<int32_t>(
      std::clamp(std::nearbyint(-range.low / double{params.scale}), 0.0, kCodes - 1.0));
  return params;
}

bool Observation::Add(const float* x, size_t n) {
  const bool first = count() == 0;
  if (!histogram_.Add(x, n)) return false;
  if (n == 0) return true;
  const auto [least, largest] = std::minmax_element(x, x + n);
  const double weight = first ? 1 : kMomentum;
  average_low_ += weight * (double{*least} - average_low_);
  average_high_ += weight * (double{*largest} - average_high_);
  return true;
}

Range Observation::RangeBy(const RangeOptions& options) const {
  switch (options.method) {
    case RangeMethod::kMovingAverage: return WithZero(average_low_, average_high_);
    case RangeMethod::kPercentile: return Percentile(histogram_, options.percentile);
    case RangeMethod::kEntropy: return LeastDivergence(histogram_);
    case RangeMethod::kMse: return LeastSquaredError(histogram_);
    case RangeMethod::kAuto:
    case RangeMethod::kMinMax: break;
  }
  return WithZero(histogram_.least(), histogram_.largest());
}

}  // namespace pare::converter
