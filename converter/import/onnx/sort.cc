// Topological order of ONNX nodes. The standard demands it of files; not all exporters obey.
#include <queue>

#include "converter/import/onnx/importer.h"

namespace pare::converter {

namespace {

using Names = std::set<std::string>;

// Adds what the body reads and does not make itself.
void FreeNames(const GraphProto& body, Names* free) {
  Names made, read;
  for (const auto& input : body.input()) made.insert(input.name());
  for (const auto& tensor : body.initializer()) made.insert(tensor.name());
  for (const auto& tensor : body.sparse_initializer()) made.insert(tensor.values().name());
  for (const NodeProto& node : body.node()) {
    read.insert(node.input().begin(), node.input().end());
    made.insert(node.output().begin(), node.output().end());
    for (const AttributeProto& a : node.attribute()) {
      if (a.has_g()) FreeNames(a.g(), &read);
    }
  }
  for (const auto& output : body.output()) read.insert(output.name());
  for (const std::string& name : read) {
    if (made.count(name) == 0) free->insert(name);
  }
}

}  // namespace

Result<std::vector<int>> SortNodes(const google::protobuf::RepeatedPtrField<NodeProto>& nodes) {
  std::unordered_map<std::string, int> maker;
  for (int i = 0; i < nodes.size(); ++i) {
    for (const std::string& output : nodes[i].output()) {
      if (!output.empty()) maker.emplace(output, i);
    }
  }
  std::vector<std::vector<int>> readers(static_cast<size_t>(nodes.size()));
  std::vector<int> waits_for(static_cast<size_t>(nodes.size()), 0);
  for (int i = 0; i < nodes.size(); ++i) {
    Names read(nodes[i].input().begin(), nodes[i].input().end());
    for (const AttributeProto& a : nodes[i].attribute()) {
      if (a.has_g()) FreeNames(a.g(), &read);
    }
    for (const std::string& name : read) {
      const auto it = maker.find(name);
      if (it == maker.end()) continue;
      readers[static_cast<size_t>(it->second)].push_back(i);
      ++waits_for[static_cast<size_t>(i)];
    }
  }
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  for (int i = 0; i < nodes.size(); ++i) {
    if (waits_for[static_cast<size_t>(i)] == 0) ready.push(i);
  }
  std::vector<int> order;
  while (!ready.empty()) {
    const int i = ready.top();
    ready.pop();
    order.push_back(i);
    for (int reader : readers[static_cast<size_t>(i)]) {
      if (--waits_for[static_cast<size_t>(reader)] == 0) ready.push(reader);
    }
  }
  for (int i = 0; i < nodes.size(); ++i) {
    if (waits_for[static_cast<size_t>(i)] != 0)
      return Malformed("the graph has a cycle through node '" + nodes[i].name() + "' (" +
                       nodes[i].op_type() + ")");
  }
  return order;
}

}  // namespace pare::converter
