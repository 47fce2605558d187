// The layers of bench/shapes.
#pragma once

#include <string>
#include <vector>

namespace pare::bench {

struct LayerShape {
  std::string model;         // the file's name
  std::string words;         // "matmul M N K", or as the file says
  std::string Name() const;  // of a benchmark
};
// In the order of the files' names.
std::vector<LayerShape> LayerShapes();

}  // namespace pare::bench
