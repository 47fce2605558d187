// What the quantizing passes are asked for, and what they find out for each other and the report.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "converter/calibrate/dataset.h"
#include "converter/calibrate/range.h"
#include "converter/ir/graph.h"

namespace pare::converter {

enum class QuantFormat { kNone, kInt8, kInt8Dynamic, kInt4, kNf4 };

// A layer with weights, and what became of it.
struct LayerRecord {
  std::string node, op;
  std::string value;     // what it makes, by the name that it has in the reference
  std::string encoding;  // "int8", "int8-dynamic", "f32"
  std::string reason;    // why it stays f32; otherwise empty
  uint64_t bytes_before = 0, bytes_after = 0;  // of its weight
};

// That of a node with a weight as input 1, before anything is done to it: f32, without a reason.
LayerRecord RecordOf(const Graph& graph, const Node& node);

struct Quantization {
  // Asked for.
  QuantFormat format = QuantFormat::kNone;
  RangeOptions range;
  bool per_tensor = false;  // one scale a weight instead of one a row

  // Found. Values keep their numbers between these passes.
  std::vector<Sample> samples;            // of the calibration data
  std::map<ValueId, QuantParams> params;  // how a value becomes u8
  std::vector<LayerRecord> layers;
  std::optional<Graph> reference;  // the graph before anything was quantized
};

}  // namespace pare::converter
