#include "converter/passes/quantize/int8_weight.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "runtime/layout/layout.h"

namespace pare::converter {
namespace {

constexpr int kMost = 127;
constexpr float kLeastMagnitude = 1e-30f;  // a row below this is one of zeros

float LargestMagnitude(const float* x, int64_t n) {
  float largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, std::fabs(x[i]));
  return largest;
}

// The scale for x[n]; 0 where they are zeros.
float ScaleOf(const float* x, int64_t n, ScaleMethod method) {
  constexpr int kClips = 20;
  constexpr float kClip = 0.02f;  // share of the range
  const float largest = LargestMagnitude(x, n);
  if (largest < kLeastMagnitude) return 0;
  if (method == ScaleMethod::kAbsMax) return largest / kMost;
  float best = 0;
  double least = HUGE_VAL;
  for (int i = 0; i <= kClips; ++i) {
    const float scale = largest * (1 - kClip * static_cast<float>(i)) / kMost;
    const double error = SquaredError({scale, 0, -kMost, kMost}, x, static_cast<size_t>(n));
    if (i > 0 && error >= least) continue;
    least = error;
    best = scale;
  }
  return best;
}

void RoundRow(const float* row, int64_t k, float scale, int8_t* q) {
  for (int64_t i = 0; i < k; ++i) {
    const float rounded = std::nearbyint(row[i] / scale);
    q[i] = static_cast<int8_t>(std::clamp<float>(rounded, -kMost, kMost));
  }
}

// Products of a scale and small integers are off by half a unit in the last place, and a factor
// that was folded in later adds as much.
bool LiesOn(const float* row, int64_t k, float scale, int limit) {
  constexpr float kTolerance = 4e-7f;
  const float inverse = 1 / scale;
  for (int64_t i = 0; i < k; ++i) {
    const float whole = std::nearbyint(row[i] * inverse);
    if (std::fabs(whole) > static_cast<float>(limit) ||
        std::fabs(row[i] - whole * scale) > kTolerance * std::fabs(row[i]))
      return false;
  }
  return true;
}

// The neighbour of `scale` that gives the row bit for bit, if one does.
float ExactScale(const float* row, int64_t k, float scale, const int8_t* q) {
  constexpr int kNeighbours = 4;
  float candidate = scale;
  for (int i = 0; i < kNeighbours; ++i) candidate = std::nextafter(candidate, 0.0f);
  for (int i = 0; i <= 2 * kNeighbours; ++i, candidate = std::nextafter(candidate, 1e38f)) {
    bool exact = true;
    for (int64_t j = 0; exact && j < k; ++j) exact = candidate * static_cast<float>(q[j]) == row[j];
    if (exact) return candidate;
  }
  return scale;
}

// The largest step of which the row's numbers are multiples, up to `limit` of them; or 0.
float StepOf(const float* row, int64_t k, int limit) {
  const float largest = LargestMagnitude(row, k);
  if (largest < kLeastMagnitude) return 0;
  for (int most = limit; most > 0; --most) {
    const float candidate = largest / static_cast<float>(most);
    if (LiesOn(row, k, candidate, limit)) return candidate;
  }
  return 0;
}

// A row of an int8 weight as it was in a file: also one of zeros, or with -128.
bool TakeRow(const float* row, int64_t k, float* scale, int8_t* q, int64_t* clamped) {
  if (FindGrid(row, k, scale, q)) return true;
  if (LargestMagnitude(row, k) < kLeastMagnitude) {
    *scale = 1;
    return true;
  }
  *scale = StepOf(row, k, kMost + 1);
  if (*scale == 0) return false;
  for (int64_t i = 0; i < k; ++i) {
    const float whole = std::nearbyint(row[i] / *scale);
    if (whole > kMost) return false;
    *clamped += whole < -kMost ? 1 : 0;
  }
  RoundRow(row, k, *scale, q);
  return true;
}

Weight Pack(Weight rows, Layout layout, const Int8Rows& int8) {
  uint64_t bytes = 0;
  (void)PackedBytes(layout, DType::kF32, rows.shape, &bytes);
  std::byte* packed;
  rows.layout = layout;
  rows.bytes = Bytes::Allocate(static_cast<size_t>(bytes), &packed);
  PackInt8(layout, int8.q.data(), int8.scales.data(), rows.shape, packed);
  return rows;
}

}  // namespace

bool FindGrid(const float* row, int64_t k, float* scale, int8_t* q) {
  const float step = StepOf(row, k, kMost);
  if (step == 0) return false;
  RoundRow(row, k, step, q);
  *scale = ExactScale(row, k, step, q);
  return true;
}

Int8Rows QuantizeRows(const float* rows, int64_t n, int64_t k, bool per_tensor,
                      ScaleMethod method) {
  Int8Rows result;
  result.q.resize(static_cast<size_t>(n * k));
  result.scales.resize(static_cast<size_t>(n), 1);
  const float of_all = per_tensor ? ScaleOf(rows, n * k, method) : 0;
  for (int64_t r = 0; r < n; ++r) {
    const float* row = rows + r * k;
    int8_t* q = &result.q[static_cast<size_t>(r * k)];
    float& scale = result.scales[static_cast<size_t>(r)];
    if (!per_tensor && FindGrid(row, k, &scale, q)) continue;
    const float found = per_tensor ? of_all : ScaleOf(row, k, method);
    if (found == 0) continue;
    scale = found;
    RoundRow(row, k, scale, q);
  }
  return result;
}

Status CheckFinite(const Weight& weight, const std::string& layer) {
  const float* data = weight.Data<float>();
  for (int64_t i = 0; i < weight.shape.Elements(); ++i) {
    if (!std::isfinite(data[i]))
      return Error(Code::kCorrupt, "layer '" + layer + "': weight '" + weight.name + "' has " +
                                       (std::isnan(data[i]) ? "NaN" : "an infinity") +
                                       " at element " + std::to_string(i) +
                                       ": it cannot be quantized");
  }
  return Ok();
}

Weight Int8Weight(const Weight& weight, Layout layout, bool transpose, float alpha, bool per_tensor,
                  ScaleMethod method) {
  Weight result = transpose ? Transposed(weight) : weight;
  const int64_t n = result.shape[0], k = result.shape.Elements() / n;
  std::vector<float> rows(result.Data<float>(), result.Data<float>() + n * k);
  for (float& x : rows) x *= alpha;
  return Pack(std::move(result), layout, QuantizeRows(rows.data(), n, k, per_tensor, method));
}

bool ExactInt8Weight(const Weight& weight, Layout layout, bool transpose, float alpha,
                     Weight* result, int64_t* clamped) {
  Weight rows = transpose ? Transposed(weight) : weight;
  const int64_t n = rows.shape[0], k = rows.shape.Elements() / n;
  Int8Rows int8;
  int8.q.resize(static_cast<size_t>(n * k));
  int8.scales.resize(static_cast<size_t>(n));
  for (int64_t r = 0; r < n; ++r) {
    float& scale = int8.scales[static_cast<size_t>(r)];
    if (!TakeRow(rows.Data<float>() + r * k, k, &scale, &int8.q[static_cast<size_t>(r * k)],
                 clamped))
      return false;
    scale *= alpha;
  }
  *result = Pack(std::move(rows), layout, int8);
  return true;
}

}  // namespace pare::converter
