#include "tests/conformance/exclusions.h"

#include <fnmatch.h>

#include <fstream>
#include <set>
#include <sstream>

#include "converter/import/onnx/reader.h"

namespace pare::conformance {

namespace {

using converter::AttributeProto;
using converter::GraphProto;
using converter::NodeProto;
using converter::TensorProto;
using converter::TypeProto;

struct Features {
  std::set<std::string> ops, types;
};

void AddType(const TypeProto& type, Features* features) {
  if (type.has_sequence_type()) features->types.insert("sequence");
  if (type.has_optional_type()) features->types.insert("optional");
  if (type.has_map_type()) features->types.insert("map");
  if (type.tensor_type().elem_type() == TensorProto::STRING) features->types.insert("string");
}

void AddGraph(const GraphProto& graph, Features* features) {
  for (const auto* values : {&graph.input(), &graph.output(), &graph.value_info()}) {
    for (const auto& value : *values) AddType(value.type(), features);
  }
  for (const TensorProto& tensor : graph.initializer()) {
    if (tensor.data_type() == TensorProto::STRING) features->types.insert("string");
  }
  for (const NodeProto& node : graph.node()) {
    features->ops.insert(node.op_type());
    for (const AttributeProto& a : node.attribute()) {
      if (a.has_g()) AddGraph(a.g(), features);
      if (a.t().data_type() == TensorProto::STRING) features->types.insert("string");
    }
  }
}

}  // namespace

std::vector<Exclusion> ReadExclusions(const std::filesystem::path& file, std::string* error) {
  std::vector<Exclusion> exclusions;
  std::ifstream in(file);
  if (!in) *error = file.string() + ": cannot be read";
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    Exclusion e;
    words >> e.kind >> e.pattern >> std::ws;
    std::getline(words, e.reason);
    if (e.reason.empty()) *error = file.string() + ": no reason in '" + line + "'";
    exclusions.push_back(std::move(e));
  }
  return exclusions;
}

std::string ReasonToExclude(const std::vector<Exclusion>& exclusions,
                            const std::filesystem::path& model, const std::string& name) {
  Features features;
  auto proto = converter::ReadModelFile(model);
  if (proto.ok()) AddGraph((*proto)->graph(), &features);
  for (const Exclusion& e : exclusions) {
    const bool hit = e.kind == "op"     ? features.ops.count(e.pattern) != 0
                     : e.kind == "type" ? features.types.count(e.pattern) != 0
                                        : fnmatch(e.pattern.c_str(), name.c_str(), 0) == 0;
    if (hit) return e.reason + (e.kind == "case" ? "" : " (" + e.pattern + ")");
  }
  return "";
}

}  // namespace pare::conformance
