#include "converter/passes/quantize/low_bit_weight.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "converter/passes/quantize/int8_weight.h"
#include "converter/quantize/int4.h"
#include "converter/quantize/nf4.h"
#include "runtime/layout/layout.h"

namespace pare::converter {
namespace {

constexpr Layout kSymmetric[] = {Layout::kInt4G128, Layout::kInt4G64, Layout::kInt4G32};
constexpr Layout kWithMinima[] = {Layout::kUint4G128, Layout::kUint4G64, Layout::kUint4G32};

bool Divides(Layout layout, int64_t k) { return k % static_cast<int64_t>(GroupOf(layout)) == 0; }

bool SameBytes(const Weight& a, const Weight& b) {
  return a.layout == b.layout && a.shape == b.shape && a.bytes.size == b.bytes.size &&
         std::memcmp(a.bytes.data, b.bytes.data, a.bytes.size) == 0;
}

}  // namespace

std::optional<Layout> FourBitLayout(QuantFormat format, const Quantization& q, int64_t k) {
  const bool nf4 = format == QuantFormat::kNf4;
  if (nf4 && Divides(Layout::kNf4G64, k)) return Layout::kNf4G64;
  const auto largest = static_cast<size_t>(nf4 ? 32 : q.group);
  for (Layout layout : q.asymmetric ? kWithMinima : kSymmetric) {
    if (GroupOf(layout) <= largest && Divides(layout, k)) return layout;
  }
  return std::nullopt;
}

std::string EncodingOf(Layout layout) {
  if (layout == Layout::kNf4G64) return "nf4";
  if (GroupOf(layout) == 0) return "int8";
  return "int4:g" + std::to_string(GroupOf(layout)) + (HasMinima(layout) ? " with minima" : "");
}

Result<Weight> FourBitWeight(const Weight& plain, Layout layout, bool transpose,
                             const Quantization& q, const std::string& layer) {
  PARE_TRY(CheckFinite(plain, layer));
  const Weight rows = transpose ? Transposed(plain) : plain;
  auto made = layout == Layout::kNf4G64
                  ? QuantizeNf4(rows.Data<float>(), rows.shape)
                  : QuantizeInt4(rows.Data<float>(), rows.shape, layout, q.scales);
  if (!made.ok())
    return Error(made.status().code, "layer '" + layer + "': " + made.status().message);
  Weight weight = std::move(made).value();
  weight.name = plain.name;
  weight.origins = plain.origins;
  return weight;
}

ValueId ShareWeight(Rewriter& rewriter, Weight weight) {
  const Graph& graph = rewriter.graph();
  for (size_t v = 0; v < graph.values.size(); ++v) {
    const Weight* other = graph.ConstantOf(static_cast<ValueId>(v));
    if (other != nullptr && SameBytes(*other, weight)) return static_cast<ValueId>(v);
  }
  return rewriter.NewWeight(std::move(weight));
}

double WeightSnr(const Weight& plain, bool transpose, float alpha, const Weight& encoded) {
  const auto n = static_cast<size_t>(encoded.shape[0]);
  const auto k = static_cast<size_t>(encoded.shape.Elements(1, encoded.shape.rank));
  std::vector<float> row(k);
  double signal = 0, noise = 0;
  for (size_t r = 0; r < n; ++r) {
    DecodeLowBitRow(encoded.layout, encoded.bytes.data, encoded.shape, r, row.data());
    for (size_t i = 0; i < k; ++i) {
      const double x = double{alpha} * plain.Data<float>()[transpose ? i * n + r : r * k + i];
      signal += x * x;
      noise += (row[i] - x) * (row[i] - x);
    }
  }
  return noise == 0 ? HUGE_VAL : 10 * std::log10(signal / noise);
}

}  // namespace pare::converter
