// What the quantizing passes are asked for, and what they find out for each other and the report.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "converter/calibrate/dataset.h"
#include "converter/calibrate/range.h"
#include "converter/ir/graph.h"
#include "converter/ir/status.h"
#include "converter/passes/quantize/budget.h"
#include "converter/quantize/scales.h"

namespace pare::converter {

enum class QuantFormat { kNone, kInt8, kInt8Dynamic, kInt4, kNf4 };

constexpr bool IsFourBit(QuantFormat format) {
  return format == QuantFormat::kInt4 || format == QuantFormat::kNf4;
}

// A layer with weights, and what became of it.
struct LayerRecord {
  std::string node, op;
  std::string value;     // what it makes, by the name that it has in the reference
  std::string encoding;  // "int8", "int8-dynamic", "int4:g32", "f32"
  std::string reason;    // why it stays f32, or another encoding than asked for; otherwise empty
  uint64_t bytes_before = 0, bytes_after = 0;  // of its weight
  std::optional<double> weight_snr_db;         // of what the encoded weight stands for
};

// That of a node with a weight (or table), before anything is done to it: f32, without a reason.
LayerRecord RecordOf(const Graph& graph, const Node& node);

// What a layer gets instead of the format that the others get.
struct LayerChoice {
  QuantFormat format = QuantFormat::kNone;
  std::string reason;
};

struct Quantization {
  // Asked for.
  QuantFormat format = QuantFormat::kNone;
  RangeOptions range;
  bool per_tensor = false;            // one scale a weight instead of one a row
  std::vector<std::string> excluded;  // patterns (IsLike) of layers that stay f32
  int group = 32;                     // of int4: how many of a row's values share a scale
  bool asymmetric = false;            // of int4: a minimum beside each scale
  bool weight_only = false;           // of int4 and NF4: products decode weights, inputs stay f32
  ScaleMethod scales = ScaleMethod::kMse;  // of weights
  std::optional<Budget> budget;            // choose_encodings gives each layer its format
  std::optional<TargetProfile> target;

  // Found. Values keep their numbers between these passes.
  std::vector<Sample> samples;                 // of the calibration data
  std::map<ValueId, QuantParams> params;       // how a value becomes u8
  std::map<std::string, LayerChoice> choices;  // by the name of the value that a layer makes
  std::vector<LayerRecord> layers;
  std::optional<Graph> reference;  // the graph before anything was quantized, where there is data

  // What the node is to have, and where that is not `format`, why; otherwise null.
  QuantFormat FormatOf(const Graph& graph, const Node& node, const char** why = nullptr) const;
  // The node's record: several passes add to it.
  LayerRecord& Record(const Graph& graph, const Node& node);
  // Whether any layer is to have that format.
  bool Wants(QuantFormat wanted) const;
};

// Whether the text is like the pattern, in which * stands for any text and ? for any byte.
bool IsLike(const std::string& text, const std::string& pattern);

// Turns `excluded` into choices. An error where a pattern is like no layer of the graph.
Status ExcludeLayers(const Graph& graph, Quantization* q);

}  // namespace pare::converter
