#include "converter/report/model_text.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "converter/passes/pass.h"
#include "converter/report/table.h"
#include "model_generated.h"
#include "runtime/ops/op.h"

namespace pare::converter {
namespace {

std::string TextOf(const flatbuffers::String* s) { return s == nullptr ? "" : s->str(); }

template <class T>
uint32_t CountOf(const flatbuffers::Vector<T>* v) {
  return v == nullptr ? 0 : v->size();
}

FileHeader HeaderOf(FileSpan file) {
  FileHeader header;
  std::memcpy(&header, file.data, sizeof header);
  return header;
}

// "batch", "2*height+1", "(width+1)/8", "224" or "?".
std::string DimText(const fb::Model& model, const fb::Dim& dim) {
  if (dim.value() >= 0) return std::to_string(dim.value());
  if (dim.symbol() < 0) return "?";
  std::string text = TextOf(model.symbols()->Get(static_cast<uint32_t>(dim.symbol()))->name());
  if (dim.mul() != 1) text = std::to_string(dim.mul()) + "*" + text;
  if (dim.add() > 0) text += "+" + std::to_string(dim.add());
  if (dim.add() < 0) text += std::to_string(dim.add());
  if (dim.div() != 1)
    text = (dim.add() != 0 ? "(" + text + ")" : text) + "/" + std::to_string(dim.div());
  return text;
}

std::string DimsText(const fb::Model& model, const fb::Value& value) {
  if (value.dims() == nullptr && value.weight() < 0) return "";
  std::string text = "[";
  if (value.weight() >= 0) {
    const auto* shape = model.weights()->Get(static_cast<uint32_t>(value.weight()))->shape();
    for (uint32_t i = 0; i < CountOf(shape); ++i)
      text += (i > 0 ? ", " : "") + std::to_string(shape->Get(i));
    return text + "]";
  }
  for (uint32_t i = 0; i < CountOf(value.dims()); ++i)
    text += (i > 0 ? ", " : "") + DimText(model, *value.dims()->Get(i));
  return text + "]";
}

const fb::Value& ValueAt(const fb::Graph& graph, int32_t v) {
  return *graph.values()->Get(static_cast<uint32_t>(v));
}

std::string NameOfValue(const fb::Graph& graph, int32_t v) {
  if (v < 0) return "-";
  const std::string name = TextOf(ValueAt(graph, v).name());
  return name.empty() ? "%" + std::to_string(v) : name;
}

// Names are cut: --json has them whole.
std::string ListValues(const fb::Graph& graph, const flatbuffers::Vector<int32_t>* list) {
  constexpr size_t kLongest = 48;
  std::string text;
  for (uint32_t i = 0; i < CountOf(list); ++i)
    text += (i > 0 ? ", " : "") + Shorten(NameOfValue(graph, list->Get(i)), kLongest);
  return text;
}

const char* DTypeText(fb::DType t) { return NameOf(static_cast<DType>(t)); }

std::string ShapeOfWeight(const fb::Weight& w) {
  Shape shape;
  for (uint32_t i = 0; i < CountOf(w.shape()); ++i) (void)shape.Push(w.shape()->Get(i));
  return ShapeText(shape);
}

std::map<uint8_t, int> CountOps(const Model& model) {
  std::map<uint8_t, int> counts;
  for (uint32_t g = 0; g < model.graph_count(); ++g) {
    for (const fb::Node* node : *model.graph(g).nodes())
      ++counts[static_cast<uint8_t>(node->op_type())];
  }
  return counts;
}

std::string Fused(const fb::Activation* a) {
  if (a == nullptr || a->kind() == fb::UnaryKind::None) return "";
  return std::string("+") + fb::EnumNameUnaryKind(a->kind());
}

// The operator with what tells it from others of its name: "Binary Add", "Conv+Relu".
std::string OpText(const fb::Node& node) {
  const std::string name = OpName(static_cast<uint8_t>(node.op_type()));
  if (const auto* op = node.op_as_MatMul()) return name + Fused(op->activation());
  if (const auto* op = node.op_as_Conv()) return name + Fused(op->activation());
  if (const auto* op = node.op_as_ConvTranspose()) return name + Fused(op->activation());
  if (const auto* op = node.op_as_Binary())
    return name + " " + fb::EnumNameBinaryKind(op->kind()) + Fused(op->activation());
  if (const auto* op = node.op_as_Reduce()) return name + " " + fb::EnumNameReduceKind(op->kind());
  if (const auto* op = node.op_as_Pool()) return name + " " + fb::EnumNamePoolKind(op->kind());
  if (const auto* op = node.op_as_Unary()) {
    if (op->activation() != nullptr)
      return name + " " + fb::EnumNameUnaryKind(op->activation()->kind());
  }
  return name;
}

// The functions that the node applies, None where it could apply one and does not.
void AddActivations(const fb::Node& node, std::set<fb::UnaryKind>* kinds) {
  const auto add = [&](const fb::Activation* a) {
    kinds->insert(a == nullptr ? fb::UnaryKind::None : a->kind());
  };
  const auto add_gates = [&](const flatbuffers::Vector<fb::UnaryKind>* gates) {
    for (uint32_t i = 0; i < CountOf(gates); ++i) kinds->insert(gates->Get(i));
  };
  if (const auto* op = node.op_as_MatMul()) add(op->activation());
  if (const auto* op = node.op_as_Conv()) add(op->activation());
  if (const auto* op = node.op_as_ConvTranspose()) add(op->activation());
  if (const auto* op = node.op_as_Binary()) add(op->activation());
  if (const auto* op = node.op_as_Unary()) add(op->activation());
  if (const auto* op = node.op_as_Lstm()) add_gates(op->activations());
  if (const auto* op = node.op_as_Gru()) add_gates(op->activations());
  if (const auto* op = node.op_as_Rnn()) add_gates(op->activations());
}

// A byte range of the file and what it is.
struct Range {
  uint64_t begin, end;
  std::string what, detail;
};

std::vector<Range> MapFileRanges(const Model& model, FileSpan file) {
  const FileHeader h = HeaderOf(file);
  const fb::Model& m = model.metadata();
  std::vector<Range> ranges = {
      {0, sizeof h, "header", "version " + std::to_string(h.version)},
      {h.metadata_offset, h.metadata_offset + h.metadata_bytes, "metadata", "FlatBuffers"}};
  for (uint32_t i = 0; i < CountOf(m.weights()); ++i) {
    const fb::Weight& w = *m.weights()->Get(i);
    const uint64_t begin = h.weights_offset + w.offset();
    ranges.push_back({begin, begin + w.bytes(), "weight " + std::to_string(i),
                      TextOf(w.name()) + " " + DTypeText(w.dtype()) + " " + ShapeOfWeight(w) + " " +
                          fb::EnumNameLayout(w.layout())});
  }
  for (uint32_t i = 0; i < CountOf(m.assets()); ++i) {
    const fb::Asset& a = *m.assets()->Get(i);
    const uint64_t begin = h.weights_offset + a.offset();
    ranges.push_back({begin, begin + a.bytes(), "asset " + std::to_string(i), TextOf(a.name())});
  }
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const Range& a, const Range& b) { return a.begin < b.begin; });
  std::vector<Range> all;
  uint64_t at = 0;
  for (Range& range : ranges) {
    if (range.begin > at) all.push_back({at, range.begin, "padding", ""});
    if (range.begin < at && range.end > range.begin) range.what += " (shared)";
    at = std::max(at, range.end);
    all.push_back(std::move(range));
  }
  if (at < file.size) all.push_back({at, file.size, "padding", ""});
  return all;
}

std::string OneGraph(const Model& model, uint32_t index) {
  const fb::Model& m = model.metadata();
  const fb::Graph& graph = model.graph(index);
  const std::string name = TextOf(graph.name());
  std::string text =
      "Graph " + std::to_string(index) + (name.empty() ? "" : " '" + name + "'") + "\n";
  Table ends({{""}, {"name"}, {"type"}, {"shape"}});
  for (const int32_t v : *graph.inputs()) {
    const std::string dims = DimsText(m, ValueAt(graph, v));
    ends.Add({"input", NameOfValue(graph, v), DTypeText(ValueAt(graph, v).dtype()),
              dims.empty() && index == 0 ? "[]" : dims});  // only bodies leave shapes open
  }
  for (const int32_t v : *graph.outputs())
    ends.Add({"output", NameOfValue(graph, v), DTypeText(ValueAt(graph, v).dtype()),
              DimsText(m, ValueAt(graph, v))});
  for (uint32_t i = 0; i < CountOf(graph.states()); ++i) {
    const fb::State& s = *graph.states()->Get(i);
    ends.Add({"state", TextOf(s.name()), DTypeText(ValueAt(graph, s.value()).dtype()),
              DimsText(m, ValueAt(graph, s.value()))});
  }
  text += ends.Text() + "\n";
  Table nodes({{"node", Table::kRight}, {"op"}, {"output"}, {"type"}, {"shape"}, {"inputs"}});
  for (uint32_t i = 0; i < graph.nodes()->size(); ++i) {
    const fb::Node& node = *graph.nodes()->Get(i);
    const int32_t first = CountOf(node.outputs()) > 0 ? node.outputs()->Get(0) : -1;
    nodes.Add({std::to_string(i), OpText(node), ListValues(graph, node.outputs()),
               first < 0 ? "" : DTypeText(ValueAt(graph, first).dtype()),
               first < 0 ? "" : DimsText(m, ValueAt(graph, first)),
               ListValues(graph, node.inputs())});
  }
  return text + nodes.Text();
}

void AddRow(Table* table, const std::string& key, const std::string& value) {
  table->Add({key, value});
}

// Long values (a dictionary) are cut, line breaks shown.
std::string Brief(const std::string& text) {
  constexpr size_t kMost = 60;
  std::string brief;
  for (char c : text.substr(0, kMost)) brief += c == '\n' ? std::string("\\n") : std::string(1, c);
  while (!brief.empty() && text.size() > kMost && (brief.back() & 0xc0) == 0x80) brief.pop_back();
  return text.size() > kMost ? brief + "... (" + std::to_string(text.size()) + " bytes)" : brief;
}

}  // namespace

std::string SummaryText(const std::string& path, const Model& model, FileSpan file) {
  const fb::Model& m = model.metadata();
  const FileHeader h = HeaderOf(file);
  uint64_t parameters = 0;
  for (uint32_t i = 0; i < CountOf(m.weights()); ++i) {
    uint64_t count = 1;
    const auto* shape = m.weights()->Get(i)->shape();
    for (uint32_t d = 0; d < CountOf(shape); ++d) count *= static_cast<uint64_t>(shape->Get(d));
    parameters += count;
  }
  Table facts({{"file"}, {path.c_str()}});
  AddRow(&facts, "format", "version " + std::to_string(h.version));
  AddRow(&facts, "producer", TextOf(m.producer()));
  AddRow(&facts, "size", BytesText(file.size) + " (" + std::to_string(file.size) + " bytes)");
  AddRow(&facts, "metadata", BytesText(h.metadata_bytes));
  AddRow(&facts, "weights",
         std::to_string(CountOf(m.weights())) + ", " + std::to_string(parameters) + " elements, " +
             BytesText(h.weights_bytes));
  for (const fb::Entry* entry : *m.entries())
    AddRow(&facts, "entry",
           TextOf(entry->name()) + " (graph " + std::to_string(entry->graph()) + ")");
  for (uint32_t i = 0; i < CountOf(m.symbols()); ++i) {
    const fb::Symbol& s = *m.symbols()->Get(i);
    const std::string most = s.max() > 0 ? std::to_string(s.max()) : "any";
    AddRow(&facts, "dimension", TextOf(s.name()) + " " + std::to_string(s.min()) + ".." + most);
  }
  for (uint32_t i = 0; i < CountOf(m.metadata()); ++i) {
    const fb::KeyValue& pair = *m.metadata()->Get(i);
    if (TextOf(pair.key()) == kHalfNote) {
      AddRow(&facts, "f16", TextOf(pair.value()));
      continue;
    }
    AddRow(&facts, "metadata", TextOf(pair.key()) + " = " + Brief(TextOf(pair.value())));
  }
  for (uint32_t i = 0; i < CountOf(m.assets()); ++i) {
    const fb::Asset& a = *m.assets()->Get(i);
    AddRow(&facts, "asset",
           TextOf(a.name()) + " (" + TextOf(a.kind()) + ", " + BytesText(a.bytes()) + ")");
  }
  std::string ops;
  for (const auto& [type, count] : CountOps(model))
    ops += (ops.empty() ? "" : ", ") + std::string(OpName(type)) + " " + std::to_string(count);
  AddRow(&facts, "operators", ops);
  return facts.Text(0);
}

std::string GraphText(const Model& model) {
  std::string text;
  for (uint32_t g = 0; g < model.graph_count(); ++g)
    text += (g > 0 ? "\n" : "") + OneGraph(model, g);
  return text;
}

std::string WeightsText(const Model& model) {
  const fb::Model& m = model.metadata();
  Table table({{"weight", Table::kRight},
               {"name"},
               {"type"},
               {"shape"},
               {"layout"},
               {"bytes", Table::kRight},
               {"crc32c"}});
  for (uint32_t i = 0; i < CountOf(m.weights()); ++i) {
    const fb::Weight& w = *m.weights()->Get(i);
    table.Add({std::to_string(i), Shorten(TextOf(w.name()), 64), DTypeText(w.dtype()),
               ShapeOfWeight(w), fb::EnumNameLayout(w.layout()), std::to_string(w.bytes()),
               HexText(w.checksum())});
  }
  return "Weights\n" + table.Text();
}

std::string MapText(const Model& model, FileSpan file) {
  Table table({{"offset", Table::kRight}, {"bytes", Table::kRight}, {"what"}, {""}});
  for (const Range& r : MapFileRanges(model, file))
    table.Add({std::to_string(r.begin), std::to_string(r.end - r.begin), r.what, r.detail});
  return "File map\n" + table.Text();
}

std::vector<std::string> OpNames(const Model& model) {
  std::vector<std::string> names;
  for (const auto& [type, count] : CountOps(model)) names.push_back(OpName(type));
  return names;
}

std::vector<std::string> KindNames(const Model& model) {
  std::set<fb::UnaryKind> unary;
  std::set<fb::BinaryKind> binary;
  std::set<fb::ReduceKind> reduce;
  for (uint32_t g = 0; g < model.graph_count(); ++g) {
    for (const fb::Node* node : *model.graph(g).nodes()) {
      AddActivations(*node, &unary);
      if (const auto* op = node->op_as_Binary()) binary.insert(op->kind());
      if (const auto* op = node->op_as_Reduce()) reduce.insert(op->kind());
    }
  }
  std::vector<std::string> names;
  std::set<fb::Layout> layouts;
  for (uint32_t i = 0; i < CountOf(model.metadata().weights()); ++i)
    layouts.insert(model.metadata().weights()->Get(i)->layout());
  for (auto kind : unary) names.push_back(std::string("UnaryKind:") + fb::EnumNameUnaryKind(kind));
  for (auto kind : binary)
    names.push_back(std::string("BinaryKind:") + fb::EnumNameBinaryKind(kind));
  for (auto kind : reduce)
    names.push_back(std::string("ReduceKind:") + fb::EnumNameReduceKind(kind));
  for (auto layout : layouts) names.push_back(std::string("Layout:") + fb::EnumNameLayout(layout));
  return names;
}

std::vector<std::string> FindDamage(const Model& model) {
  const fb::Model& m = model.metadata();
  std::vector<std::string> damaged;
  for (uint32_t i = 0; i < CountOf(m.weights()); ++i) {
    if (!model.VerifyWeight(i).ok())
      damaged.push_back("weight " + std::to_string(i) + " '" + TextOf(m.weights()->Get(i)->name()) +
                        "'");
  }
  for (uint32_t i = 0; i < CountOf(m.assets()); ++i) {
    const Span<const std::byte> data = model.AssetData(i);
    if (Crc32c(data.data, data.size) != m.assets()->Get(i)->checksum())
      damaged.push_back("asset '" + TextOf(m.assets()->Get(i)->name()) + "'");
  }
  return damaged;
}

}  // namespace pare::converter
