#include "converter/report/fidelity.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pare::converter {

Fidelity Compare(const std::vector<double>& reference, const std::vector<double>& other) {
  Fidelity f;
  double aa = 0, bb = 0, ab = 0, noise = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    const double a = reference[i], b = other[i];
    if (!std::isfinite(a) || !std::isfinite(b)) {
      const bool same = a == b || (std::isnan(a) && std::isnan(b));
      f.not_finite += same ? 0 : 1;
      continue;
    }
    aa += a * a, bb += b * b, ab += a * b, noise += (a - b) * (a - b);
    f.max_error = std::max(f.max_error, std::fabs(a - b));
    f.max_value = std::max(f.max_value, std::fabs(a));
  }
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  f.snr_db = noise == 0 ? kInfinite : aa == 0 ? -kInfinite : 10 * std::log10(aa / noise);
  if (f.not_finite > 0) f.snr_db = -kInfinite;
  f.cosine = aa == 0 && bb == 0 ? 1 : aa == 0 || bb == 0 ? 0 : ab / std::sqrt(aa * bb);
  return f;
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
  return values;
}

}  // namespace pare::converter
