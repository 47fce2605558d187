// Calibration data: arrays that a user recorded, cut into runs of the model.
#pragma once

#include <filesystem>
#include <vector>

#include "converter/calibrate/inputs.h"
#include "converter/ir/graph.h"
#include "converter/ir/status.h"
#include "runtime/tools/npz.h"

namespace pare::converter {

class Dataset {
 public:
  // A .npz, .npy or .safetensors file, or a folder of them. Arrays are named as the model's inputs.
  static Result<Dataset> Read(const std::filesystem::path& path);
  // A list of arrays for each file.
  explicit Dataset(std::vector<std::vector<tools::Array>> files) : files_(std::move(files)) {}

  // A sample has an array for each graph input, in their order. Each file is cut along the leading
  // axis of its arrays: an array has the input's rank, and then a sample is as long as the input (1
  // where that is not fixed), or one dimension more, and then a sample is an element of it. An
  // array that is one sample goes with every sample of the others. kNotFound, kShape where arrays
  // and inputs do not match, kCorrupt where a number is not finite.
  Result<std::vector<Sample>> Cut(const Graph& graph) const;

 private:
  std::vector<std::vector<tools::Array>> files_;
};

}  // namespace pare::converter
