// From a trained model to a Graph: the importer is chosen by what lies at the path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"

namespace pare::converter {

struct ImportOptions {
  // --shape NAME=1x3x224x224: replaces the shape of a graph input; -1 keeps a dimension dynamic.
  struct InputShape {
    std::string name;
    std::vector<int64_t> dims;
  };
  // --dim NAME=MIN..MAX of a symbolic dimension; MIN == MAX fixes it. MAX 0: no bound.
  struct DimBound {
    std::string name;
    int64_t min = 1, max = 0;
  };
  // --lora DIR[:SCALE]: a PEFT adapter merged into the weights (safetensors models).
  struct Adapter {
    std::filesystem::path folder;
    float scale = 1;
  };
  std::vector<InputShape> shapes;
  std::vector<DimBound> dims;
  std::vector<Adapter> adapters;
  // Told of what is odd but no error, one line each. May be empty.
  std::function<void(const std::string&)> warn;
};

// A model.onnx file, a folder with config.json and model.safetensors, or a .pare file. The graph
// passes CheckGraph and can be run as it is.
Result<Graph> Import(const std::filesystem::path& path, const ImportOptions& options);

}  // namespace pare::converter
