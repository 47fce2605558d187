// A graph as FlatBuffers metadata: what a file holds beside its weights.
#pragma once

#include <cstdint>
#include <vector>

#include "converter/ir/graph.h"

namespace pare::converter {

// The metadata, and the payload of each of its weights in order. Pointers live as long as the
// graph.
struct Metadata {
  flatbuffers::DetachedBuffer bytes;
  std::vector<const Weight*> weights;
};

// Where the writer puts a weight or an asset within the weight segment.
struct Placement {
  uint64_t offset = 0;
  uint32_t checksum = 0;
};

struct MetadataOptions {
  // One a weight, in the order of ListWeights; empty: offsets and checksums are 0.
  std::vector<Placement> weights;
  std::vector<Placement> assets;  // one an asset, or empty
  std::string base_hash;
};

// All weights of the graph and its bodies, in the order in which the metadata numbers them.
std::vector<const Weight*> ListWeights(const Graph& graph);
std::vector<Weight*> ListWeights(Graph& graph);

// The graph must pass CheckGraph. Bodies become graphs of their own after the graph that names
// them.
Metadata BuildMetadata(const Graph& graph, const MetadataOptions& options = {});

}  // namespace pare::converter
