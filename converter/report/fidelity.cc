#include "converter/report/fidelity.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pare::converter {

void FidelityMeter::Add(const std::vector<double>& reference, const std::vector<double>& other) {
  for (size_t i = 0; i < reference.size(); ++i) {
    const double a = reference[i], b = other[i];
    if (!std::isfinite(a) || !std::isfinite(b)) {
      const bool same = a == b || (std::isnan(a) && std::isnan(b));
      not_finite_ += same ? 0 : 1;
      continue;
    }
    aa_ += a * a, bb_ += b * b, ab_ += a * b, noise_ += (a - b) * (a - b);
    max_error_ = std::max(max_error_, std::fabs(a - b));
    max_value_ = std::max(max_value_, std::fabs(a));
  }
}

Fidelity FidelityMeter::Result() const {
  Fidelity f;
  f.max_error = max_error_;
  f.max_value = max_value_;
  f.not_finite = not_finite_;
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  f.snr_db = noise_ == 0 ? kInfinite : aa_ == 0 ? -kInfinite : 10 * std::log10(aa_ / noise_);
  if (f.not_finite > 0) f.snr_db = -kInfinite;
  f.cosine = aa_ == 0 && bb_ == 0 ? 1 : aa_ == 0 || bb_ == 0 ? 0 : ab_ / std::sqrt(aa_ * bb_);
  return f;
}

Fidelity Compare(const std::vector<double>& reference, const std::vector<double>& other) {
  FidelityMeter meter;
  meter.Add(reference, other);
  return meter.Result();
}

std::vector<double> ToDoubles(const Tensor& t) {
  std::vector<double> values(static_cast<size_t>(t.Elements()));
  for (size_t i = 0; i < values.size(); ++i) {
    switch (t.dtype) {
      case DType::kF32: values[i] = static_cast<double>(t.Data<float>()[i]); break;
      case DType::kF64: values[i] = t.Data<double>()[i]; break;
      case DType::kF16: values[i] = static_cast<double>(HalfToFloat(t.Data<uint16_t>()[i])); break;
      case DType::kBF16:
        values[i] = static_cast<double>(Bfloat16ToFloat(t.Data<uint16_t>()[i]));
        break;
      default: values[i] = static_cast<double>(IntegerAt(t, static_cast<int64_t>(i)));
    }
  }
  if (t.IsQuantized()) {
    for (double& value : values) value = double{t.scale} * (value - t.zero_point);
  }
  return values;
}

}  // namespace pare::converter
