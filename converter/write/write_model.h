// A graph as a .pare file: schema/FORMAT.md describes the bytes.
#pragma once

#include <cstdint>
#include <functional>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"
#include "converter/write/byte_sink.h"

namespace pare::converter {

struct WriteOptions {
  // Called while weights are written: bytes so far, bytes in all. May be empty.
  std::function<void(uint64_t, uint64_t)> progress;
};

// Writes the whole file from position 0 of the sink. Streams: memory stays near the metadata's size
// beside what the graph already holds. Weights with equal bytes are stored once.
Status WriteModel(const Graph& graph, ByteSink& sink, const WriteOptions& options = {});

}  // namespace pare::converter
