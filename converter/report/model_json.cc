#include <cstring>

#include "converter/report/model_text.h"
#include "converter/report/table.h"
#include "model_generated.h"
#include "runtime/ops/op.h"

namespace pare::converter {
namespace {

using Json = nlohmann::ordered_json;

std::string TextOf(const flatbuffers::String* s) { return s == nullptr ? "" : s->str(); }

// Applies f to each element of a vector that may be absent; a list of what it returns.
template <class Vector, class F>
Json MapList(const Vector* vector, F f) {
  Json list = Json::array();
  if (vector == nullptr) return list;
  for (uint32_t i = 0; i < vector->size(); ++i) list.push_back(f(vector->Get(i)));
  return list;
}

Json DimJson(const fb::Model& model, const fb::Dim* dim) {
  if (dim->value() >= 0) return dim->value();
  if (dim->symbol() < 0) return nullptr;
  const fb::Symbol& symbol = *model.symbols()->Get(static_cast<uint32_t>(dim->symbol()));
  if (dim->mul() == 1 && dim->add() == 0 && dim->div() == 1) return TextOf(symbol.name());
  return {{"symbol", TextOf(symbol.name())},
          {"mul", dim->mul()},
          {"add", dim->add()},
          {"div", dim->div()}};
}

Json ValueJson(const fb::Model& model, const fb::Value* value) {
  Json json = {{"name", TextOf(value->name())},
               {"dtype", NameOf(static_cast<DType>(value->dtype()))}};
  if (value->weight() >= 0) {
    json["weight"] = value->weight();
  } else {
    json["shape"] = MapList(value->dims(), [&](const fb::Dim* d) { return DimJson(model, d); });
  }
  return json;
}

Json GraphJson(const fb::Model& model, const fb::Graph* graph) {
  const auto number = [](int32_t v) { return v; };
  Json json;
  json["name"] = TextOf(graph->name());
  json["inputs"] = MapList(graph->inputs(), number);
  json["outputs"] = MapList(graph->outputs(), number);
  json["states"] = MapList(graph->states(), [](const fb::State* s) {
    return Json{{"name", TextOf(s->name())}, {"value", s->value()}, {"next", s->next()}};
  });
  json["nodes"] = MapList(graph->nodes(), [&](const fb::Node* node) {
    return Json{{"name", TextOf(node->name())},
                {"op", OpName(static_cast<uint8_t>(node->op_type()))},
                {"inputs", MapList(node->inputs(), number)},
                {"outputs", MapList(node->outputs(), number)}};
  });
  json["values"] =
      MapList(graph->values(), [&](const fb::Value* v) { return ValueJson(model, v); });
  return json;
}

}  // namespace

Json ModelJson(const std::string& path, const Model& model, FileSpan file) {
  const fb::Model& m = model.metadata();
  FileHeader h;
  std::memcpy(&h, file.data, sizeof h);
  Json json;
  json["file"] = path;
  json["format_version"] = h.version;
  json["producer"] = TextOf(m.producer());
  json["file_bytes"] = h.file_bytes;
  json["segments"] = {{"metadata", {{"offset", h.metadata_offset}, {"bytes", h.metadata_bytes}}},
                      {"weights", {{"offset", h.weights_offset}, {"bytes", h.weights_bytes}}}};
  json["symbols"] = MapList(m.symbols(), [](const fb::Symbol* s) {
    return Json{
        {"name", TextOf(s->name())}, {"min", s->min()}, {"max", s->max()}, {"step", s->step()}};
  });
  json["entries"] = MapList(m.entries(), [](const fb::Entry* e) {
    return Json{{"name", TextOf(e->name())}, {"graph", e->graph()}};
  });
  json["metadata"] = Json::object();
  if (m.metadata() != nullptr) {
    for (const fb::KeyValue* pair : *m.metadata())
      json["metadata"][TextOf(pair->key())] = TextOf(pair->value());
  }
  json["ops"] = OpNames(model);
  json["kinds"] = KindNames(model);
  json["graphs"] = MapList(m.graphs(), [&](const fb::Graph* g) { return GraphJson(m, g); });
  json["weights"] = MapList(m.weights(), [&](const fb::Weight* w) {
    return Json{{"name", TextOf(w->name())},
                {"dtype", NameOf(static_cast<DType>(w->dtype()))},
                {"shape", MapList(w->shape(), [](int64_t d) { return d; })},
                {"layout", fb::EnumNameLayout(w->layout())},
                {"offset", h.weights_offset + w->offset()},
                {"bytes", w->bytes()},
                {"crc32c", HexText(w->checksum())}};
  });
  json["assets"] = MapList(m.assets(), [&](const fb::Asset* a) {
    return Json{{"name", TextOf(a->name())},
                {"kind", TextOf(a->kind())},
                {"offset", h.weights_offset + a->offset()},
                {"bytes", a->bytes()},
                {"crc32c", HexText(a->checksum())}};
  });
  return json;
}

}  // namespace pare::converter
