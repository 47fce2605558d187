#include "converter/write/metadata.h"

#include <memory>
#include <utility>

namespace pare::converter {
namespace {

constexpr char kProducer[] = "pare " PARE_VERSION;

class Builder {
 public:
  explicit Builder(const MetadataOptions& options) : options_(options) {}

  fb::ModelT Build(const Graph& graph) {
    for (const Weight* weight : ListWeights(graph)) AddWeight(*weight);
    AddGraph(graph);
    model_.producer = kProducer;
    model_.base_hash = options_.base_hash;
    for (const fb::SymbolT& s : graph.symbols)
      model_.symbols.push_back(std::make_unique<fb::SymbolT>(s));
    auto entry = std::make_unique<fb::EntryT>();
    entry->name = "main";
    model_.entries.push_back(std::move(entry));
    for (const auto& [key, value] : graph.metadata) {
      auto pair = std::make_unique<fb::KeyValueT>();
      pair->key = key;
      pair->value = value;
      model_.metadata.push_back(std::move(pair));
    }
    for (size_t i = 0; i < graph.assets.size(); ++i) AddAsset(graph.assets[i], i);
    return std::move(model_);
  }

 private:
  void AddWeight(const Weight& weight) {
    auto w = std::make_unique<fb::WeightT>();
    const size_t i = model_.weights.size();
    w->name = weight.name;
    w->dtype = static_cast<fb::DType>(weight.dtype);
    w->layout = static_cast<fb::Layout>(weight.layout);
    w->shape.assign(weight.shape.dims, weight.shape.dims + weight.shape.rank);
    w->bytes = weight.bytes.size;
    if (i < options_.weights.size()) {
      w->offset = options_.weights[i].offset;
      w->checksum = options_.weights[i].checksum;
    }
    for (const fb::OriginT& origin : weight.origins)
      w->origins.push_back(std::make_unique<fb::OriginT>(origin));
    model_.weights.push_back(std::move(w));
  }

  void AddAsset(const Graph::Asset& asset, size_t i) {
    auto a = std::make_unique<fb::AssetT>();
    a->name = asset.name;
    a->kind = asset.kind;
    a->bytes = asset.bytes.size;
    if (i < options_.assets.size()) {
      a->offset = options_.assets[i].offset;
      a->checksum = options_.assets[i].checksum;
    }
    model_.assets.push_back(std::move(a));
  }

  // Returns the number of the graph. Its bodies follow it; weights are numbered in ListWeights'
  // order.
  int32_t AddGraph(const Graph& graph) {
    const auto index = static_cast<int32_t>(model_.graphs.size());
    const int32_t first_weight = next_weight_;
    next_weight_ += static_cast<int32_t>(graph.weights.size());
    model_.graphs.push_back(std::make_unique<fb::GraphT>());
    auto g = std::make_unique<fb::GraphT>();
    g->name = graph.name;
    for (const Value& value : graph.values) g->values.push_back(MakeValue(value, first_weight));
    g->inputs = graph.inputs;
    g->outputs = graph.outputs;
    for (const Graph::State& state : graph.states) {
      auto s = std::make_unique<fb::StateT>();
      s->name = state.name;
      s->value = state.value;
      s->next = state.next;
      s->initial_weight = state.initial_weight < 0 ? -1 : first_weight + state.initial_weight;
      g->states.push_back(std::move(s));
    }
    std::vector<int32_t> bodies;
    for (const Graph& body : graph.subgraphs) bodies.push_back(AddGraph(body));
    for (const Node& node : graph.nodes) g->nodes.push_back(MakeNode(node, bodies));
    model_.graphs[static_cast<size_t>(index)] = std::move(g);
    return index;
  }

  static std::unique_ptr<fb::ValueT> MakeValue(const Value& value, int32_t first_weight) {
    auto v = std::make_unique<fb::ValueT>();
    v->name = value.name;
    v->dtype = static_cast<fb::DType>(value.dtype);
    v->weight = value.weight < 0 ? -1 : first_weight + value.weight;
    v->scale = value.scale;
    v->zero_point = value.zero_point;
    if (!value.dims.empty()) {
      for (const fb::DimT& dim : value.dims) v->dims.push_back(std::make_unique<fb::DimT>(dim));
      return v;
    }
    for (int i = 0; value.has_shape && value.weight < 0 && i < value.shape.rank; ++i) {
      auto dim = std::make_unique<fb::DimT>();
      dim->value = value.shape[i];
      v->dims.push_back(std::move(dim));
    }
    return v;
  }

  static std::unique_ptr<fb::NodeT> MakeNode(const Node& node, const std::vector<int32_t>& bodies) {
    auto n = std::make_unique<fb::NodeT>();
    n->name = node.name;
    n->op = node.op;
    n->inputs = node.inputs;
    n->outputs = node.outputs;
    const auto renumber = [&](int32_t& body) {
      body = body >= 0 && body < static_cast<int32_t>(bodies.size())
                 ? bodies[static_cast<size_t>(body)]
                 : -1;
    };
    if (auto* op = n->op.AsIf()) {
      renumber(op->then_graph);
      renumber(op->else_graph);
    } else if (auto* loop = n->op.AsLoop()) {
      renumber(loop->body);
    } else if (auto* scan = n->op.AsScan()) {
      renumber(scan->body);
    }
    return n;
  }

  const MetadataOptions& options_;
  fb::ModelT model_;
  int32_t next_weight_ = 0;
};

template <class GraphT, class WeightT>
void Collect(GraphT& graph, std::vector<WeightT*>* weights) {
  for (auto& weight : graph.weights) weights->push_back(&weight);
  for (auto& body : graph.subgraphs) Collect(body, weights);
}

}  // namespace

std::vector<const Weight*> ListWeights(const Graph& graph) {
  std::vector<const Weight*> weights;
  Collect(graph, &weights);
  return weights;
}

std::vector<Weight*> ListWeights(Graph& graph) {
  std::vector<Weight*> weights;
  Collect(graph, &weights);
  return weights;
}

Metadata BuildMetadata(const Graph& graph, const MetadataOptions& options) {
  const fb::ModelT model = Builder(options).Build(graph);
  flatbuffers::FlatBufferBuilder builder(1 << 16);
  fb::FinishModelBuffer(builder, fb::Model::Pack(builder, &model));
  return {builder.Release(), ListWeights(graph)};
}

}  // namespace pare::converter
