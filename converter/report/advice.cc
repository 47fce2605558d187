#include "converter/report/advice.h"

#include "runtime/layout/layout.h"

namespace pare::converter {
namespace {

bool StartsWith(const std::string& text, const char* start) { return text.rfind(start, 0) == 0; }

}  // namespace

std::string EncodingOf(const Graph& graph, const Node& node) {
  const auto quantized = [&](ValueId v) { return v != kAbsent && graph.values[v].scale > 0; };
  for (ValueId v : node.inputs) {
    const Weight* w = graph.ConstantOf(v);
    if (w == nullptr) continue;
    const std::string layout = fb::EnumNameLayout(static_cast<fb::Layout>(w->layout));
    if (StartsWith(layout, "Int8")) return quantized(node.inputs[0]) ? "int8" : "int8-dynamic";
    if (StartsWith(layout, "Int4") || StartsWith(layout, "Uint4")) return "int4";
    if (StartsWith(layout, "Nf4")) return "nf4";
    if (w->dtype == DType::kF16) return "f16";
  }
  for (const std::vector<ValueId>* side : {&node.inputs, &node.outputs}) {
    for (ValueId v : *side) {
      if (quantized(v)) return "u8";
    }
  }
  return "f32";
}

std::vector<std::string> AdviceFor(const std::string& encoding, const std::string& name) {
  const std::string exclude = "--exclude '" + name + "' keeps it in f32";
  if (encoding == "int8" || encoding == "u8")
    return {
        "--calibration-method percentile (or mse, entropy), where few large numbers stretch its "
        "range",
        "--calibrate with more data, and such as the model will meet",
        "leaving out --per-tensor, if it was given: one scale a row is closer", exclude};
  if (encoding == "int8-dynamic")
    return {"leaving out --per-tensor, if it was given: one scale a row is closer", exclude};
  if (encoding == "int4" || encoding == "nf4")
    return {"--quantize int4:g32 (the smallest groups), or int8", exclude};
  if (encoding == "f16") return {"--max-error with a smaller share: weights that harm stay in f32"};
  return {
      "--layers lists every layer; the models differ here in more than the bits of their weights"};
}

}  // namespace pare::converter
