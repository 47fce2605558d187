// A graph built in memory, as a model that sessions can be made of.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "converter/ir/graph.h"
#include "converter/write/metadata.h"
#include "runtime/model/model.h"
#include "runtime/session/session.h"

namespace pare::test {

using converter::Graph;
using converter::ValueId;

// A graph, opened as a Model.
class Opened {
 public:
  explicit Opened(Graph graph)
      : graph_(std::move(graph)), metadata_(converter::BuildMetadata(graph_)) {
    for (const converter::Weight* w : metadata_.weights) weights_.push_back(w->bytes.data);
    weights_.push_back(nullptr);
    auto model = Model::FromParts(
        {reinterpret_cast<const std::byte*>(metadata_.bytes.data()), metadata_.bytes.size()},
        {weights_.data(), weights_.size()});
    EXPECT_TRUE(model.ok()) << model.status().what;
    model_ = std::make_unique<Model>(std::move(model).value());
  }
  Result<MemoryNeeds> Measure(const SessionConfig& config = {}) const {
    return Session::Measure(*model_, config);
  }
  // A session in an arena of exactly what Measure says, less `missing` bytes.
  Result<Session> Create(const SessionConfig& config = {}, size_t missing = 0) {
    const auto needs = Session::Measure(*model_, config);
    if (!needs.ok()) return needs.status();
    memory_ = converter::Bytes::Allocate(needs.value().arena_bytes, &arena_);
    return Session::Create(*model_, config,
                           {arena_, static_cast<size_t>(needs.value().arena_bytes) - missing});
  }

 private:
  Graph graph_;
  converter::Metadata metadata_;
  std::vector<const void*> weights_;
  std::unique_ptr<Model> model_;
  converter::Bytes memory_;
  std::byte* arena_ = nullptr;
};

inline ValueId AddInput(Graph& graph, const char* name, DType dtype,
                        const std::vector<int64_t>& dims) {
  const ValueId id = graph.AddValue(name, dtype);
  for (const int64_t d : dims) {
    fb::DimT dim;
    dim.value = d;
    if (d < 0) dim.symbol = static_cast<int32_t>(-d - 1);  // -1: the first symbol
    graph.values[id].dims.push_back(dim);
  }
  graph.inputs.push_back(id);
  return id;
}

inline void AddSymbol(Graph& graph, const char* name, int64_t max) {
  fb::SymbolT symbol;
  symbol.name = name;
  symbol.max = max;
  graph.symbols.push_back(symbol);
}

}  // namespace pare::test
