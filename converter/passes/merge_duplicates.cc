// Common subexpressions: of nodes with the same operator, attributes and inputs the first stays.
// Small equal constants become one first, so that nodes that read them are equal too.
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "converter/passes/control_flow.h"
#include "converter/passes/passes.h"
#include "converter/passes/rewriter.h"

namespace pare::converter {
namespace {

constexpr size_t kSmallConstant = 65536;  // larger ones are compared when the file is written

void MergeConstants(Rewriter& rewriter) {
  const Graph& graph = rewriter.graph();
  using Key = std::tuple<int, std::vector<int64_t>, std::string_view>;
  std::map<Key, ValueId> first;
  const auto count = static_cast<ValueId>(graph.values.size());
  for (ValueId v = 0; v < count; ++v) {
    const Weight* w = graph.ConstantOf(v);
    if (w == nullptr || w->bytes.size > kSmallConstant || w->layout != Layout::kPlain) continue;
    Key key = {static_cast<int>(w->dtype),
               {w->shape.dims, w->shape.dims + w->shape.rank},
               {reinterpret_cast<const char*>(w->bytes.data), w->bytes.size}};
    const auto [found, inserted] = first.emplace(std::move(key), v);
    if (!inserted && rewriter.CanReplace(v, found->second)) rewriter.Replace(v, found->second);
  }
}

// Operator and attributes as bytes.
std::string Fingerprint(const Node& node) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(flatbuffers::Offset<void>(node.op.Pack(builder)));
  std::string bytes(1, static_cast<char>(node.op.type));
  bytes.append(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
  return bytes;
}

// As many, and rounded alike where they are quantized.
bool SameOutputs(const Graph& graph, const Node& a, const Node& b) {
  if (a.outputs.size() != b.outputs.size()) return false;
  for (size_t i = 0; i < a.outputs.size(); ++i) {
    if ((a.outputs[i] == kAbsent) != (b.outputs[i] == kAbsent)) return false;
    if (a.outputs[i] == kAbsent) continue;
    const Value &x = graph.values[a.outputs[i]], &y = graph.values[b.outputs[i]];
    if (x.scale != y.scale || x.zero_point != y.zero_point) return false;
  }
  return true;
}

bool TryMerge(Rewriter& rewriter, Node* duplicate, Node* first) {
  if (!SameOutputs(rewriter.graph(), *duplicate, *first)) return false;
  const std::vector<ValueId> outputs = duplicate->outputs;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i] != kAbsent && !rewriter.CanReplace(outputs[i], first->outputs[i])) return false;
  }
  rewriter.Erase(duplicate);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i] != kAbsent) rewriter.Replace(outputs[i], first->outputs[i]);
  }
  return true;
}

}  // namespace

Status MergeDuplicates(Graph& graph, const Options&) {
  Rewriter rewriter(graph);
  MergeConstants(rewriter);
  std::map<std::pair<std::string, std::vector<ValueId>>, Node*> first;
  for (Node* node : rewriter.Nodes()) {
    if (node->op.type == fb::Op::Custom || !BodiesOf(*node).empty()) continue;
    const auto [found, inserted] =
        first.emplace(std::make_pair(Fingerprint(*node), node->inputs), node);
    if (!inserted) TryMerge(rewriter, node, found->second);
  }
  return Ok();
}

}  // namespace pare::converter
