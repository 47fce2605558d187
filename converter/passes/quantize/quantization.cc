#include "converter/passes/quantize/quantization.h"

#include "converter/passes/match.h"
#include "runtime/ops/op.h"

namespace pare::converter {

LayerRecord RecordOf(const Graph& graph, const Node& node) {
  LayerRecord record;
  record.node = node.name;
  record.op = OpName(static_cast<uint8_t>(node.op.type));
  record.value = graph.values[node.outputs[0]].name;
  record.encoding = "f32";
  if (const Weight* w = graph.ConstantOf(InputOf(&node, 1)))
    record.bytes_before = record.bytes_after = w->bytes.size;
  return record;
}

}  // namespace pare::converter
