#include "converter/passes/quantize/quantization.h"

#include <algorithm>

#include "converter/passes/match.h"
#include "runtime/ops/op.h"

namespace pare::converter {

LayerRecord RecordOf(const Graph& graph, const Node& node) {
  LayerRecord record;
  record.node = node.name;
  record.op = OpName(static_cast<uint8_t>(node.op.type));
  record.value = graph.values[node.outputs[0]].name;
  record.encoding = "f32";
  if (const Weight* w = graph.ConstantOf(InputOf(&node, node.op.type == fb::Op::Gather ? 0 : 1)))
    record.bytes_before = record.bytes_after = w->bytes.size;
  return record;
}

QuantFormat Quantization::FormatOf(const Graph& graph, const Node& node, const char** why) const {
  const auto found = choices.find(graph.values[node.outputs[0]].name);
  if (why != nullptr) *why = found == choices.end() ? nullptr : found->second.reason.c_str();
  return found == choices.end() ? format : found->second.format;
}

LayerRecord& Quantization::Record(const Graph& graph, const Node& node) {
  const std::string& value = graph.values[node.outputs[0]].name;
  const auto found = std::find_if(layers.begin(), layers.end(),
                                  [&](const LayerRecord& layer) { return layer.value == value; });
  return found == layers.end() ? layers.emplace_back(RecordOf(graph, node)) : *found;
}

bool Quantization::Wants(QuantFormat wanted) const {
  return format == wanted || std::any_of(choices.begin(), choices.end(), [&](const auto& choice) {
           return choice.second.format == wanted;
         });
}

bool IsLike(const std::string& text, const std::string& pattern) {
  // `star`: behind the last * seen; `resume`: how far it reaches so far.
  size_t t = 0, p = 0, star = std::string::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != std::string::npos) {
      p = star;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string::npos;
}

Status ExcludeLayers(const Graph& graph, Quantization* q) {
  for (const std::string& pattern : q->excluded) {
    std::string example;
    bool found = false;
    for (const Node& n : graph.nodes) {
      if (n.outputs.empty() || n.outputs[0] == kAbsent) continue;
      const std::string& value = graph.values[n.outputs[0]].name;
      if (n.op.type == fb::Op::Conv || n.op.type == fb::Op::MatMul)
        example = n.name.empty() ? value : n.name;
      if (!IsLike(n.name, pattern) && !IsLike(value, pattern)) continue;
      q->choices[value] = {QuantFormat::kNone, "excluded by '" + pattern + "'"};
      found = true;
    }
    if (!found)
      return Error(Code::kNotFound,
                   "--exclude: no layer is like '" + pattern + "'" +
                       (example.empty() ? "" : "; one is '" + example + "'") +
                       "; --report FILE.json lists them all, and * stands for any text");
  }
  return Ok();
}

}  // namespace pare::converter
