// A model folder: config.json and model.safetensors.
#include <cstdlib>

#include "converter/import/safetensors/hugging_face.h"
#include "tests/fuzz/model_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const pare::test::ModelFolder folder;
  folder.Write(data, size, "config.json", "model.safetensors");
  const auto graph = pare::converter::ImportHuggingFace(folder.path(), {});
  if (graph.ok() && !pare::converter::CheckGraph(graph.value()).empty()) std::abort();
  return 0;
}
