#include "bench/kernels/shapes.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace pare::bench {

std::string LayerShape::Name() const {
  std::string name = model + "/" + words;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

std::vector<LayerShape> LayerShapes() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(PARE_SHAPES))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<LayerShape> shapes;
  for (const auto& file : files) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      if (!line.empty() && line[0] != '#') shapes.push_back({file.stem().string(), line});
    }
  }
  return shapes;
}

}  // namespace pare::bench
