#include "converter/import/pare/pare_file.h"

#include <utility>

#include "converter/import/mapped_file.h"
#include "runtime/layout/layout.h"
#include "runtime/model/model.h"

namespace pare::converter {
namespace {

// Bodies nest as deep as the file says; a body that several nodes name is read for each.
constexpr int kDeepest = 16;
constexpr size_t kMostGraphs = 10000;

class Reader {
 public:
  Reader(const Model& model, const Bytes& file) : model_(model), file_(file) {}

  Result<Graph> Read(uint32_t index, int depth = 0) {
    if (depth > kDeepest || ++graphs_ > kMostGraphs)
      return Error(Code::kUnsupported, "control flow is nested too deep");
    fb::GraphT source;
    model_.graph(index).UnPackTo(&source);
    Graph graph;
    graph.name = source.name;
    for (const auto& value : source.values) AddValue(*value, &graph);
    for (auto& node : source.nodes) PARE_TRY(AddNode(*node, depth, &graph));
    graph.inputs = source.inputs;
    graph.outputs = source.outputs;
    for (const auto& s : source.states) {
      const int32_t initial = s->initial_weight < 0 ? -1 : AddWeight(s->initial_weight, &graph);
      graph.states.push_back({s->name, s->value, s->next, initial});
    }
    return graph;
  }

  void ReadModelFields(Graph* graph) const {
    fb::ModelT source;
    const fb::Model& m = model_.metadata();
    if (m.symbols() != nullptr) {
      for (const fb::Symbol* symbol : *m.symbols())
        symbol->UnPackTo(&graph->symbols.emplace_back());
    }
    if (m.metadata() != nullptr) {
      for (const fb::KeyValue* pair : *m.metadata())
        graph->metadata.emplace_back(pair->key() ? pair->key()->str() : "",
                                     pair->value() ? pair->value()->str() : "");
    }
    for (uint32_t i = 0; m.assets() != nullptr && i < m.assets()->size(); ++i) {
      const fb::Asset& asset = *m.assets()->Get(i);
      const Span<const std::byte> data = model_.AssetData(i);
      graph->assets.push_back({asset.name() ? asset.name()->str() : "",
                               asset.kind() ? asset.kind()->str() : "",
                               {file_.keeper, data.data, data.size}});
    }
  }

 private:
  void AddValue(const fb::ValueT& source, Graph* graph) const {
    Value value;
    value.name = source.name;
    value.dtype = static_cast<DType>(source.dtype);
    value.scale = source.scale;
    value.zero_point = source.zero_point;
    if (source.weight >= 0) {
      value.weight = AddWeight(source.weight, graph);
      value.shape = graph->weights[static_cast<size_t>(value.weight)].shape;
    } else {
      for (const auto& dim : source.dims) {
        (void)value.shape.Push(dim->value);
        value.dims.push_back(*dim);
      }
    }
    value.has_shape = source.weight >= 0 || !source.dims.empty();
    graph->values.push_back(std::move(value));
  }

  int32_t AddWeight(int32_t index, Graph* graph) const {
    const fb::Weight& source = *model_.metadata().weights()->Get(static_cast<uint32_t>(index));
    Weight w;
    w.name = source.name() != nullptr ? source.name()->str() : "";
    w.dtype = static_cast<DType>(source.dtype());
    w.layout = static_cast<Layout>(source.layout());
    for (uint32_t d = 0; source.shape() != nullptr && d < source.shape()->size(); ++d)
      (void)w.shape.Push(source.shape()->Get(d));
    w.bytes = {file_.keeper,
               static_cast<const std::byte*>(model_.WeightData(static_cast<uint32_t>(index))),
               static_cast<size_t>(source.bytes())};
    for (uint32_t i = 0; source.origins() != nullptr && i < source.origins()->size(); ++i)
      source.origins()->Get(i)->UnPackTo(&w.origins.emplace_back());
    graph->weights.push_back(std::move(w));
    return static_cast<int32_t>(graph->weights.size()) - 1;
  }

  Status AddNode(fb::NodeT& source, int depth, Graph* graph) {
    Node node;
    node.name = source.name;
    node.op = std::move(source.op);
    node.inputs = std::move(source.inputs);
    node.outputs = std::move(source.outputs);
    if (auto* op = node.op.AsIf()) {
      PARE_TRY(AddBody(&op->then_graph, depth, graph));
      PARE_TRY(AddBody(&op->else_graph, depth, graph));
    } else if (auto* loop = node.op.AsLoop()) {
      PARE_TRY(AddBody(&loop->body, depth, graph));
    } else if (auto* scan = node.op.AsScan()) {
      PARE_TRY(AddBody(&scan->body, depth, graph));
    }
    graph->nodes.push_back(std::move(node));
    return Ok();
  }

  Status AddBody(int32_t* index, int depth, Graph* graph) {
    Graph body = PARE_TRY(Read(static_cast<uint32_t>(*index), depth + 1));
    graph->subgraphs.push_back(std::move(body));
    *index = static_cast<int32_t>(graph->subgraphs.size()) - 1;
    return Ok();
  }

  const Model& model_;
  const Bytes& file_;
  size_t graphs_ = 0;
};

void Unpack(Weight* w) {
  if (w->layout == Layout::kPlain) return;
  std::byte* to;
  const auto elements = static_cast<size_t>(w->shape.Elements());
  const Bytes plain = Bytes::Allocate(elements * SizeOf(w->dtype), &to);
  const auto n = static_cast<size_t>(w->shape[0]);
  const auto k = static_cast<size_t>(w->shape.Elements(1, w->shape.rank));
  if (w->layout == Layout::kT16) UnpackT16(w->dtype, w->bytes.data, n, k, to);
  if (w->layout == Layout::kDepthwise16) UnpackDepthwise16(w->dtype, w->bytes.data, n, k, to);
  if (IsLowBit(w->layout))
    DecodeLowBit(w->layout, w->bytes.data, w->shape, reinterpret_cast<float*>(to));
  w->bytes = plain;
  w->layout = Layout::kPlain;
}

void UnpackAll(Graph* graph) {
  for (Weight& weight : graph->weights) Unpack(&weight);
  for (Graph& body : graph->subgraphs) UnpackAll(&body);
}

Status BoundSymbols(const ImportOptions& options, Graph* graph) {
  for (const ImportOptions::DimBound& bound : options.dims) {
    bool found = false;
    for (fb::SymbolT& symbol : graph->symbols) {
      if (symbol.name != bound.name) continue;
      found = true;
      symbol.min = bound.min;
      symbol.max = bound.max;
    }
    if (!found)
      return Error(Code::kNotFound, "--dim " + bound.name + ": the model has no such dimension");
  }
  return Ok();
}

Result<Graph> ReadGraph(const Bytes& file) {
  const Model model = PARE_TRY(Model::Open({file.data, file.size}));
  const uint32_t entry = PARE_TRY(model.FindEntry(nullptr));
  Reader reader(model, file);
  Graph graph = PARE_TRY(reader.Read(entry));
  reader.ReadModelFields(&graph);
  const std::string error = CheckGraph(graph);
  if (!error.empty()) return Error(Code::kCorrupt, error);
  return graph;
}

}  // namespace

Result<Graph> ReadPareFile(const std::filesystem::path& path) {
  const Bytes file = PARE_TRY(MapFile(path));
  Result<Graph> graph = ReadGraph(file);
  if (!graph.ok()) return Error(graph.status().code, path.string() + ": " + graph.status().message);
  return graph;
}

Result<Graph> ImportPare(const std::filesystem::path& path, const ImportOptions& options) {
  if (!options.adapters.empty() || !options.shapes.empty())
    return Error(Code::kUnsupported,
                 path.string() +
                     ": adapters and input shapes are for the model that the file was "
                     "converted from; convert that again");
  Graph graph = PARE_TRY(ReadPareFile(path));
  const Status bounded = BoundSymbols(options, &graph);
  if (!bounded.ok()) return Error(bounded.code, path.string() + ": " + bounded.message);
  UnpackAll(&graph);
  return graph;
}

}  // namespace pare::converter
